//! The column beside the list: a memory, a new note, or how full memory is; and its buttons.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlTextAreaElement};

use super::{
    one::{head, one, writing},
    overview::overview,
};
use crate::{
    components::{Made, deed_of, refill},
    focus::focus,
    model::memory::Hit,
    state::Recall,
};

/// Keeps the column drawn.
pub fn draw(recall: Recall, node: NodeRef<html::Aside>) {
    Effect::new(move |_| {
        let Some(aside) = node.get() else { return };
        let (correcting, purging) = (recall.correcting.get(), recall.purging.get());
        let parts = if recall.noting.get() {
            let mut parts = vec![head("New note")];
            parts.extend(writing("What shall be remembered?", "remember", ""));
            parts
        } else if let Some(hit) = recall.opened.read().as_ref() {
            one(hit, correcting, purging)
        } else {
            figures(recall)
        };
        refill(&aside, parts);
        if correcting || recall.noting.get() {
            focus("writing");
        }
    });
}

fn figures(recall: Recall) -> Vec<Made> {
    let asking = recall.rebuilding.get();
    if let Some(figures) = recall.figures.read().as_ref() {
        return overview(figures, asking);
    }
    let mut parts = vec![head("How full memory is").set("class", "inspector-head not-widest")];
    if let Some(failure) = recall.figures_failure.read().as_ref() {
        parts.push(Made::words("p", "alert", &failure.line()).set("role", "alert"));
        parts.push(Made::button("Try again", "figures"));
    }
    parts
}

/// Takes a press on one of its buttons.
pub fn pressed(recall: Recall, event: &Event) {
    let Some(deed) = deed_of(event) else { return };
    let hit = recall.opened.get_untracked();
    let (deed, id) = deed.split_once(':').unwrap_or((&deed, ""));
    match (deed, hit) {
        ("close", _) => recall.close(),
        ("cancel", _) => cancel(recall),
        ("undo", _) => recall.undo(id),
        ("look", _) => recall.look_up(id.to_owned()),
        ("figures", _) => recall.read_figures(),
        ("ask-rebuild", _) => recall.rebuilding.set(true),
        ("rebuild", _) => recall.rebuild(),
        ("remember", _) => recall.remember(written()),
        ("pin", Some(hit)) => recall.pin(&hit.memory),
        ("forget", Some(hit)) => recall.forget(&hit.memory),
        ("ask-purge", _) => recall.purging.set(true),
        ("purge", Some(hit)) => recall.purge(&hit.memory),
        ("correct", _) => recall.correcting.set(true),
        ("save", Some(hit)) => correct(recall, &hit),
        _ => {}
    }
}

fn cancel(recall: Recall) {
    recall.rebuilding.set(false);
    recall.correcting.set(false);
    recall.purging.set(false);
    if recall.noting.get_untracked() {
        recall.close();
    }
}

fn correct(recall: Recall, hit: &Hit) {
    let text = written();
    if text.trim().is_empty() || text == hit.memory.text {
        recall.correcting.set(false);
    } else {
        recall.correct(&hit.memory.id, &text);
    }
}

fn written() -> String {
    let area = document().get_element_by_id("writing");
    area.and_then(|e| e.dyn_into::<HtmlTextAreaElement>().ok())
        .map(|e| e.value())
        .unwrap_or_default()
}
