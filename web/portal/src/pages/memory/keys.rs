//! The page's own keys. Letters only where single keys are on and nobody is typing (WCAG 2.1.4).

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::{focus::focus, keys::is_typing, state::Recall};

/// Takes a key that was pressed on the page.
pub fn pressed(recall: Recall, event: &KeyboardEvent) {
    let command = event.ctrl_key() || event.meta_key() || event.alt_key();
    if event.default_prevented() || command || event.is_composing() {
        return;
    }
    let key = event.key();
    if key == "Escape" {
        return escape(recall);
    }
    let done = if is_typing(event) {
        key == "ArrowDown" && leave_search(recall, event)
    } else {
        moved(recall, event, &key) || did(recall, event, &key)
    };
    if done {
        event.prevent_default();
    }
}

/// A dialog closes itself; then comes the correction, then what is open.
fn escape(recall: Recall) {
    if document().query_selector("dialog[open]").ok().flatten().is_some() {
        return;
    }
    if recall.correcting.get_untracked() {
        recall.correcting.set(false);
        focus("memory-open");
    } else if recall.noting.get_untracked() || recall.opened.with_untracked(Option::is_some) {
        recall.close();
    }
}

/// From the search into the list.
fn leave_search(recall: Recall, event: &KeyboardEvent) -> bool {
    let inside = target(event).is_some_and(|element| element.id() == "memory-query");
    if inside {
        recall.focus_row();
    }
    inside
}

fn moved(recall: Recall, event: &KeyboardEvent, key: &str) -> bool {
    let letters = recall.portal.ui.single_keys.get_untracked();
    let beside = || target(event).is_some_and(|e| e.closest("aside").ok().flatten().is_some());
    let by = match key {
        "ArrowDown" if !beside() => 1,
        "ArrowUp" if !beside() => -1,
        "PageDown" if !beside() => 8,
        "PageUp" if !beside() => -8,
        "j" if letters => 1,
        "k" if letters => -1,
        _ => return false,
    };
    recall.step(by);
    true
}

fn did(recall: Recall, event: &KeyboardEvent, key: &str) -> bool {
    let letters = recall.portal.ui.single_keys.get_untracked();
    let on_row = || target(event).is_some_and(|e| e.id().starts_with("memory-"));
    if key == "u" && letters {
        recall.undo("");
        return true;
    }
    let at = recall.at.get_untracked();
    let Some(hit) = recall.items.with_untracked(|items| items.get(at).cloned()) else {
        return false;
    };
    match key {
        "p" if letters => recall.pin(&hit.memory),
        "f" if letters => forget(recall, &hit.memory),
        "Delete" if on_row() => forget(recall, &hit.memory),
        _ => return false,
    }
    true
}

/// Forgets, and goes on with the row that has moved into the place.
fn forget(recall: Recall, memory: &web_dto::MemoryView) {
    recall.forget(memory);
    recall.focus_row();
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}
