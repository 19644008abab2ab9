//! From parser events to blocks, by descent that stops at [`MAX_DEPTH`]: what is deeper keeps its
//! words and loses its form. Judges no text.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, OffsetIter, Options, Parser, Tag};

use super::{
    Block, Inline, Item, MAX_DEPTH,
    inline::{push_text, refine, safe_href},
};

/// Most characters of a fence's language that are shown.
const LANGUAGE_CHARS: usize = 24;

/// Reads a whole text.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    read_with_starts(text).into_iter().map(|(_, block)| block).collect()
}

/// Reads a text; each block comes with the byte its first line begins at.
pub(super) fn read_with_starts(text: &str) -> Vec<(usize, Block)> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).into_offset_iter();
    let mut reader = Reader { events, depth: 0, tick: None };
    let mut blocks = Vec::new();
    while let Some((event, Range { start, .. })) = reader.events.next() {
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        match event {
            Event::Start(tag) => blocks.push((line, reader.block(tag))),
            Event::Rule => blocks.push((line, Block::Rule)),
            Event::Html(text) | Event::Text(text) => {
                blocks.push((line, Block::Paragraph(vec![Inline::Text(text.into_string())])));
            }
            _ => {}
        }
    }
    blocks
}

/// The events of one text, read once from front to back.
struct Reader<'a> {
    events: OffsetIter<'a>,
    /// How many containers are open.
    depth: usize,
    /// The box at the beginning of the item in hand.
    tick: Option<bool>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Event<'a>> {
        self.events.next().map(|(event, _)| event)
    }

    /// Reads one level deeper, or only the words if that is too deep.
    fn deeper<T>(&mut self, read: fn(&mut Self) -> T, plain: fn(&str) -> T) -> T {
        if self.depth == MAX_DEPTH {
            return plain(&self.words());
        }
        self.depth += 1;
        let inside = read(self);
        self.depth -= 1;
        inside
    }

    /// Reads the block that `tag` began, to its end.
    fn block(&mut self, tag: Tag<'a>) -> Block {
        match tag {
            Tag::Heading { level, .. } => Block::Heading(level as u8, self.line()),
            Tag::CodeBlock(kind) => {
                let mut text = self.words();
                if text.ends_with('\n') {
                    text.pop();
                }
                Block::Code { language: language(&kind), text }
            }
            Tag::BlockQuote(_) => Block::Quote(self.deeper(Self::blocks, plain_blocks)),
            Tag::List(start) => Block::List { start, items: self.deeper(Self::items, plain_items) },
            Tag::Table(_) => self.table(),
            // Raw HTML is what somebody wrote, and is shown as they wrote it.
            Tag::HtmlBlock => Block::Paragraph(lines(self.words().trim_end())),
            _ => Block::Paragraph(self.line()),
        }
    }

    /// Reads blocks to the end of their container. A tight item's words stand in no paragraph of
    /// their own; they get one.
    fn blocks(&mut self) -> Vec<Block> {
        let (mut blocks, mut loose) = (Vec::new(), Vec::new());
        while let Some(event) = self.next() {
            match event {
                Event::End(_) => break,
                Event::Start(tag) if !is_inline(&tag) => {
                    flush(&mut loose, &mut blocks);
                    blocks.push(self.block(tag));
                }
                Event::Rule => {
                    flush(&mut loose, &mut blocks);
                    blocks.push(Block::Rule);
                }
                Event::TaskListMarker(done) => self.tick = Some(done),
                inline => self.part(inline, &mut loose),
            }
        }
        flush(&mut loose, &mut blocks);
        blocks
    }

    fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(Event::Start(_)) = self.next() {
            self.tick = None;
            let mut done = None;
            let blocks = self.blocks_of_item(&mut done);
            items.push(Item { done, blocks });
        }
        items
    }

    fn blocks_of_item(&mut self, done: &mut Option<bool>) -> Vec<Block> {
        let before = self.tick.take();
        let blocks = self.blocks();
        *done = std::mem::replace(&mut self.tick, before);
        blocks
    }

    fn table(&mut self) -> Block {
        let (mut head, mut rows) = (Vec::new(), Vec::new());
        while let Some(Event::Start(tag)) = self.next() {
            let mut cells = Vec::new();
            while let Some(Event::Start(_)) = self.next() {
                cells.push(self.line());
            }
            if matches!(tag, Tag::TableHead) {
                head = cells;
            } else {
                rows.push(cells);
            }
        }
        Block::Table { head, rows }
    }

    /// Reads parts of a line to the end of their container.
    fn line(&mut self) -> Vec<Inline> {
        let mut line = Vec::new();
        while let Some(event) = self.next() {
            if matches!(event, Event::End(_)) {
                break;
            }
            self.part(event, &mut line);
        }
        refine(line)
    }

    fn part(&mut self, event: Event<'a>, line: &mut Vec<Inline>) {
        match event {
            Event::Start(tag) => {
                let inside = self.deeper(Self::line, plain_line);
                line.extend(dressed(&tag, inside));
            }
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => {
                line.push(Inline::Code(code.into_string()));
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                push_text(line, &text);
            }
            Event::FootnoteReference(name) => push_text(line, &format!("[^{name}]")),
            Event::SoftBreak | Event::HardBreak => line.push(Inline::Break),
            Event::End(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    /// Reads to the end of the container and keeps the words alone.
    fn words(&mut self) -> String {
        let (mut words, mut open) = (String::new(), 1_usize);
        while let Some(event) = self.next() {
            match event {
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                Event::SoftBreak | Event::HardBreak => words.push('\n'),
                Event::Text(text)
                | Event::Code(text)
                | Event::Html(text)
                | Event::InlineHtml(text) => words.push_str(&text),
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
        words
    }
}

/// Puts the form around what is inside; an address that is not safe leaves the words alone.
fn dressed(tag: &Tag<'_>, inside: Vec<Inline>) -> Vec<Inline> {
    match tag {
        Tag::Strong => vec![Inline::Strong(inside)],
        Tag::Emphasis => vec![Inline::Emphasis(inside)],
        Tag::Strikethrough => vec![Inline::Struck(inside)],
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => match safe_href(dest_url) {
            Some(href) => vec![Inline::Link { href, inside: unlinked(inside) }],
            None => inside,
        },
        _ => inside,
    }
}

/// A link has no links and no marks in it.
fn unlinked(inside: Vec<Inline>) -> Vec<Inline> {
    let flat = inside.into_iter().flat_map(|part| match part {
        Inline::Link { inside, .. } => inside,
        Inline::Mark(number) => vec![Inline::Text(format!("[{number}]"))],
        other => vec![other],
    });
    flat.collect()
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Strong | Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

fn flush(loose: &mut Vec<Inline>, blocks: &mut Vec<Block>) {
    if !loose.is_empty() {
        blocks.push(Block::Paragraph(refine(std::mem::take(loose))));
    }
}

fn plain_line(words: &str) -> Vec<Inline> {
    vec![Inline::Text(words.to_owned())]
}

fn plain_blocks(words: &str) -> Vec<Block> {
    vec![Block::Paragraph(lines(words))]
}

fn plain_items(words: &str) -> Vec<Item> {
    vec![Item { done: None, blocks: plain_blocks(words) }]
}

/// Text of several lines as parts of one paragraph.
fn lines(text: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            parts.push(Inline::Break);
        }
        push_text(&mut parts, line);
    }
    parts
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    let CodeBlockKind::Fenced(info) = kind else { return String::new() };
    info.split_whitespace().next().unwrap_or_default().chars().take(LANGUAGE_CHARS).collect()
}
