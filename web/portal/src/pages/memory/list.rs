//! The list: only the rows in sight are drawn, and the next page is read before its end is reached.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::one::reason;
use crate::{
    clock,
    components::{Made, deed_of, refill},
    effect::effect,
    focus::focus,
    model::{
        face,
        memory::{Hit, rows, words},
    },
    state::Recall,
};

/// Height of a row in px, as the style sheet has it: of a list, and of hits with their reasons.
const ROW: usize = 88;
const HIT_ROW: usize = 112;

/// Rows before the end at which the next page is read.
const AHEAD: usize = 40;

/// Characters of a text that two lines can show.
const SHOWN_CHARS: usize = 320;

/// Keeps the list drawn; returns what listens to the window's size.
///
/// `scrolls` counts how often it was scrolled; where to is the browser's to say.
pub fn draw(
    recall: Recall,
    node: NodeRef<html::Div>,
    scrolls: RwSignal<u32>,
) -> WindowListenerHandle {
    effect(move |before: Option<usize>| {
        scrolls.track();
        let (at, Some(list)) = (recall.at.get(), node.get()) else { return 0 };
        if before != Some(at) {
            bring_into_sight(recall, &list, at);
        }
        draw_rows(recall, &list);
        at
    });
    window_event_listener(ev::resize, move |_| count(scrolls))
}

/// Notes that the list was scrolled, or is seen otherwise.
pub fn count(scrolls: RwSignal<u32>) {
    scrolls.update(|n| *n = n.wrapping_add(1));
}

/// Takes a press on a row.
pub fn pressed(recall: Recall, event: &ev::MouseEvent) {
    let Some(deed) = deed_of(event) else { return };
    let Ok(at) = deed.parse() else { return recall.begin() };
    recall.open(at);
    // Enter goes on in what was opened; a press with the mouse stays in the list.
    if event.detail() == 0 {
        request_animation_frame(|| focus("memory-open"));
    }
}

/// What a list says about itself.
pub fn summary(recall: Recall) -> String {
    let count = recall.items.read().len();
    let missing = words::missing(&recall.missing.read());
    let order = if by_words(recall) { "best first" } else { "newest first" };
    match (count, recall.next.read().is_some()) {
        _ if recall.fresh.get() => String::new(),
        (0, true) => "Looking further back".to_owned(),
        (0, false) if by_words(recall) => {
            format!("Nothing close to that is remembered{missing}")
        }
        (0, false) => format!("Nothing found{missing}"),
        (1, false) => format!("1 memory{missing}"),
        (n, false) => format!("{} memories, {order}{missing}", words::number(n as u64)),
        (n, true) => format!("{} memories so far, {order}", words::number(n as u64)),
    }
}

fn by_words(recall: Recall) -> bool {
    recall.scored.get()
}

fn row_height(recall: Recall) -> usize {
    if by_words(recall) { HIT_ROW } else { ROW }
}

fn bring_into_sight(recall: Recall, list: &Element, at: usize) {
    let row = row_height(recall);
    let (top, end) = ((at * row) as i32, ((at + 1) * row) as i32);
    let (shown, height) = (list.scroll_top(), list.client_height());
    if top < shown {
        list.set_scroll_top(top);
    } else if end > shown + height {
        list.set_scroll_top(end - height);
    }
}

/// Draws the rows in sight; what stands there and is the same stays, so the focus does too.
fn draw_rows(recall: Recall, list: &Element) {
    let (Some(ul), Some(state)) = (list.first_element_child(), list.last_element_child()) else {
        return;
    };
    let items = recall.items.read();
    let is_whole = recall.next.read().is_none();
    let row = row_height(recall);
    _ = list.set_attribute("data-found", if by_words(recall) { "true" } else { "false" });
    let (top, height) = (list.scroll_top().max(0) as usize, list.client_height().max(0) as usize);
    let range = rows(top, height, row, items.len());
    if range.end + AHEAD >= items.len() && !is_whole {
        recall.read_on();
    }
    if let Some(ul) = ul.dyn_ref::<HtmlElement>() {
        _ = ul.style().set_property("height", &format!("{}px", items.len() * row));
        _ = ul.style().set_property("padding-top", &format!("{}px", range.start * row));
    }
    let had_focus = document().active_element().is_some_and(|active| ul.contains(Some(&active)));
    let mut next = ul.first_element_child();
    for at in range.clone() {
        let key = key(at, &items[at]);
        // Rows stand in order: what comes before this one's place belongs to it no more.
        while let Some(old) = next.take_if(|old| place(old) < at || is_stale(old, at, &key)) {
            next = old.next_element_sibling();
            old.remove();
        }
        match &next {
            Some(old) if place(old) == at => next = old.next_element_sibling(),
            _ => draw_row(at, &key, &items[at]).put(&ul, next.as_deref()),
        }
    }
    while let Some(old) = next {
        next = old.next_element_sibling();
        old.remove();
    }
    mark(recall, &ul, if is_whole { items.len() as i32 } else { -1 });
    if had_focus && !document().active_element().is_some_and(|now| ul.contains(Some(&now))) {
        focus(&format!("memory-{}", recall.at.get_untracked()));
    }
    refill(&state, if items.is_empty() { nothing(recall) } else { Vec::new() });
}

/// Tells which row is the chosen one, and how many there are.
fn mark(recall: Recall, ul: &Element, count: i32) {
    let (chosen, count) = (recall.at.get_untracked(), count.to_string());
    let mut row = ul.first_element_child();
    while let Some(li) = row {
        _ = li.set_attribute("aria-setsize", &count);
        if let Some(button) = li.first_element_child() {
            let is_chosen = place(&li) == chosen;
            _ = button.set_attribute("tabindex", if is_chosen { "0" } else { "-1" });
            _ = button.set_attribute("aria-current", if is_chosen { "true" } else { "false" });
        }
        row = li.next_element_sibling();
    }
}

fn place(row: &Element) -> usize {
    let place = row.get_attribute("aria-posinset").and_then(|place| place.parse().ok());
    place.map_or(0, |place: usize| place.saturating_sub(1))
}

fn is_stale(row: &Element, at: usize, key: &str) -> bool {
    place(row) == at && row.get_attribute("data-key").as_deref() != Some(key)
}

/// What makes a row another one.
fn key(at: usize, hit: &Hit) -> String {
    let mark = hit.why.as_ref().map_or(0, |why| why.score.to_bits());
    format!("{at} {} {} {mark}", hit.memory.id, u8::from(hit.memory.pinned))
}

/// One row; its text is the button that opens it.
fn draw_row(at: usize, key: &str, hit: &Hit) -> Made {
    let memory = &hit.memory;
    let hue = memory.agent.as_deref().map_or("none", |agent| face(agent).hue);
    let text = Made::words("button", "hit-text", &words::beginning(&memory.text, SHOWN_CHARS));
    let text = text.set("type", "button").set("dir", "auto").set("id", &format!("memory-{at}"));
    let mut row = Made::new("li", "hit").set("data-agent", hue).set("data-id", &memory.id);
    row = row.set("data-key", key).set("aria-posinset", &(at + 1).to_string());
    row = row.add(text.set("data-do", &at.to_string()));
    if let Some(why) = &hit.why {
        row = row.add(reason(why));
    }
    let said = format!("{}, {}", words::origin(memory), clock::ago(&memory.created_at));
    let mut origin = Made::new("p", "hit-origin quiet small").add(Made::words("span", "", &said));
    origin = origin.add(Made::words("span", "", &memory.tier));
    for (holds, class, words) in [
        (memory.pinned, "tag", "pinned"),
        (memory.untrusted.is_some(), "tag warn", "untrusted"),
        (!memory.holds(), "tag", "no longer so"),
    ] {
        if holds {
            origin = origin.add(Made::words("span", class, words));
        }
    }
    row.add(origin)
}

/// What stands in place of rows.
fn nothing(recall: Recall) -> Vec<Made> {
    if recall.failure.read().is_some() {
        return vec![Made::button("Try again", "again")];
    }
    if recall.fresh.get() {
        let bones = Made::new("div", "bones").set("role", "status").set("aria-label", "Loading");
        return vec![bones.add(Made::new("i", "")).add(Made::new("i", "")).add(Made::new("i", ""))];
    }
    let (title, hint) = if recall.asked.read().address().is_empty() {
        (
            "Nothing is remembered yet",
            "What you say in a conversation is remembered by itself. A note of your own can be written with New note.",
        )
    } else {
        (
            "Nothing is remembered about that",
            "Try other words, or fewer filters. What was forgotten or has been corrected is not found.",
        )
    };
    let state = Made::new("div", "state").add(Made::words("h2", "", title));
    vec![state.add(Made::words("p", "quiet", hint))]
}
