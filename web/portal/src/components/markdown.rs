//! Markdown as views: blocks become elements, words become text nodes, and nothing becomes HTML.
//!
//! One signal a block: while a text streams only its last blocks are touched, and those are changed
//! in place, so an open code fence neither jumps nor loses its scroll position. Where a page translator
//! has put nodes of its own in the place of ours, a block that changes is made anew: what is written
//! to a text node that stands nowhere any more is seen by nobody.

use leptos::{html, prelude::*};
use web_sys::Element;

use super::{Icon, Shape};
use crate::{
    effect::effect,
    model::{
        markdown::{Block, Document, Inline, Item},
        visible,
    },
    state::Portal,
};

/// What marks in the text need: which are memories, and what pressing one does.
#[derive(Clone, Copy)]
struct Marks {
    known: Memo<Vec<u32>>,
    pick: Callback<u32>,
}

/// A text that may still grow.
#[component]
pub fn Markdown(
    /// The text so far.
    text: Memo<String>,
    /// Whether it may still grow.
    open: Memo<bool>,
    /// The numbers that are marks of memories.
    numbers: Memo<Vec<u32>>,
    /// Called with the number of a mark that was pressed.
    pick: Callback<u32>,
    /// The element it stands in.
    place: NodeRef<html::Div>,
) -> impl IntoView {
    let document = StoredValue::new(Document::default());
    let shown = RwSignal::new(Vec::<Row>::new());
    let marks = Marks { known: numbers, pick };
    let refresh = move |text: &str, open: bool, marked: bool| {
        document.update_value(|document| {
            let mut kept = document.update(text);
            if !open && document.settle() {
                kept = 0;
            }
            let translated = place.get_untracked().is_some_and(|place| is_translated(&place));
            let change = match (translated, marked) {
                (false, _) => Change::InPlace,
                (true, false) => Change::Anew,
                (true, true) => Change::AllAnew,
            };
            show(document.blocks(), kept, shown, change);
        });
    };
    refresh(&text.get_untracked(), open.get_untracked(), false);
    effect(move |before: Option<Vec<u32>>| {
        let now = numbers.get();
        refresh(&text.read(), open.get(), before.is_some_and(|before| before != now));
        now
    });
    view! {
        <For each=move || shown.get() key=|shown| shown.number let:row>
            {move || view_block(&row.block.read(), marks)}
        </For>
    }
}

/// A block on the page.
#[derive(Clone)]
struct Row {
    /// Tells it from every other that stood on the page.
    number: u32,
    block: ArcRwSignal<Block>,
}

/// How blocks on the page follow the document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    InPlace,
    /// Those that change are made anew.
    Anew,
    /// All are, because marks in them change.
    AllAnew,
}

/// Whether somebody has put elements between ours: translators wrap words in `font`, which nothing
/// here makes.
fn is_translated(place: &Element) -> bool {
    place.query_selector("font").is_ok_and(|found| found.is_some())
}

/// Brings what is shown in step with the document, from block `kept` on.
fn show(want: &[Block], kept: usize, shown: RwSignal<Vec<Row>>, change: Change) {
    let stale = |row: &Row, block: &Block| *row.block.read_untracked() != *block;
    if change == Change::InPlace {
        shown.with_untracked(|rows| {
            for (row, block) in rows.iter().zip(want).skip(kept) {
                if stale(row, block) {
                    row.block.set(block.clone());
                }
            }
        });
        if shown.with_untracked(Vec::len) == want.len() {
            return;
        }
    }
    shown.update(|rows| {
        let mut next = rows.iter().map(|row| row.number + 1).max().unwrap_or(0);
        let mut fresh = |block: &Block| {
            next += 1;
            Row { number: next, block: ArcRwSignal::new(block.clone()) }
        };
        rows.truncate(want.len());
        for (row, block) in rows.iter_mut().zip(want) {
            if change == Change::AllAnew || stale(row, block) {
                *row = fresh(block);
            }
        }
        let new: Vec<_> = want.iter().skip(rows.len()).map(fresh).collect();
        rows.extend(new);
    });
}

fn view_block(block: &Block, marks: Marks) -> AnyView {
    match block {
        Block::Paragraph(line) => view! { <p dir="auto">{view_line(line, marks)}</p> }.into_any(),
        Block::Heading(level, line) => heading(*level, line, marks),
        Block::Code { language, text } => code(language, text),
        Block::Quote(blocks) => {
            view! { <blockquote>{view_blocks(blocks, marks)}</blockquote> }.into_any()
        }
        Block::List { start: None, items } => {
            view! { <ul>{view_items(items, marks)}</ul> }.into_any()
        }
        Block::List { start: Some(start), items } => {
            view! { <ol start=start.to_string()>{view_items(items, marks)}</ol> }.into_any()
        }
        Block::Table { head, rows } => table(head, rows, marks),
        Block::Rule => view! { <hr/> }.into_any(),
    }
}

fn view_blocks(blocks: &[Block], marks: Marks) -> Vec<AnyView> {
    blocks.iter().map(|block| view_block(block, marks)).collect()
}

fn view_items(items: &[Item], marks: Marks) -> Vec<AnyView> {
    let item = |item: &Item| {
        let tick = item.done.map(|done| {
            let (sign, name) = if done { ("\u{2611} ", "done") } else { ("\u{2610} ", "to do") };
            view! { <span role="img" aria-label=name>{sign}</span> }
        });
        view! { <li dir="auto">{tick}{view_blocks(&item.blocks, marks)}</li> }.into_any()
    };
    items.iter().map(item).collect()
}

/// Headings of an answer stand below the page's own.
fn heading(level: u8, line: &[Inline], marks: Marks) -> AnyView {
    let inside = view_line(line, marks);
    match level {
        1 => view! { <h3 dir="auto">{inside}</h3> }.into_any(),
        2 => view! { <h4 dir="auto">{inside}</h4> }.into_any(),
        _ => view! { <h5 dir="auto">{inside}</h5> }.into_any(),
    }
}

fn code(language: &str, text: &str) -> AnyView {
    let ui = Portal::here().ui;
    let node = NodeRef::<html::Code>::new();
    let copy = text.to_owned();
    let label = if language.is_empty() { "code" } else { language };
    view! {
        <figure class="code" aria-label=format!("Code, {}", visible(label))>
            <figcaption>
                <span>{visible(label)}</span>
                <button class="tool" type="button" aria-label="Copy code" on:click=move |_| ui.copy(&copy)>
                    <Icon shape=Shape::Copy/>
                    "Copy"
                </button>
            </figcaption>
            <pre tabindex="0" dir="ltr"><code node_ref=node>{visible(text)}</code></pre>
        </figure>
    }
    .into_any()
}

fn table(head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>], marks: Marks) -> AnyView {
    let head = head.iter().map(|cell| view! { <th scope="col">{view_line(cell, marks)}</th> });
    let head: Vec<_> = head.collect();
    let row = |row: &Vec<Vec<Inline>>| {
        let cells = row.iter().map(|cell| view! { <td dir="auto">{view_line(cell, marks)}</td> });
        view! { <tr>{cells.collect::<Vec<_>>()}</tr> }
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    view! {
        <div class="table" tabindex="0" role="region" aria-label="Table">
            <table>
                <thead><tr>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn view_line(line: &[Inline], marks: Marks) -> Vec<AnyView> {
    line.iter().map(|part| view_part(part, marks)).collect()
}

fn view_part(part: &Inline, marks: Marks) -> AnyView {
    match part {
        Inline::Text(text) => visible(text).into_any(),
        Inline::Code(text) => view! { <code>{visible(text)}</code> }.into_any(),
        Inline::Strong(inside) => {
            view! { <strong>{view_line(inside, marks)}</strong> }.into_any()
        }
        Inline::Emphasis(inside) => view! { <em>{view_line(inside, marks)}</em> }.into_any(),
        Inline::Struck(inside) => view! { <s>{view_line(inside, marks)}</s> }.into_any(),
        Inline::Link { href, inside } => view! {
            <a class="link" href=href.clone() title=href.clone() target="_blank" rel="noopener noreferrer">
                {view_line(inside, marks)}
            </a>
        }
        .into_any(),
        Inline::Mark(number) => mark(*number, marks),
        Inline::Break => view! { <br/> }.into_any(),
    }
}

/// A mark is a button once its memory is known, and plain text until then.
fn mark(number: u32, marks: Marks) -> AnyView {
    if !marks.known.read().contains(&number) {
        return format!("[{number}]").into_any();
    }
    view! {
        <button class="mark" type="button" aria-label=format!("Memory {number}") on:click=move |_| marks.pick.run(number)>
            {format!("[{number}]")}
        </button>
    }
    .into_any()
}
