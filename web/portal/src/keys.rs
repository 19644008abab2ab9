//! Shortcuts that work on every page. What a field or a dialog does with a key is its own business.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::{focus::focus, state::Portal};

/// The shortcuts as the sheet lists them.
pub const SHORTCUTS: [(&str, &str); 11] = [
    ("Ctrl K", "Find a conversation or a command"),
    ("/", "Go to the message field, or to the search of memories"),
    ("?", "This list"),
    ("Enter", "Send the message"),
    ("Shift Enter", "A new line in the message"),
    ("Esc", "Stop the answer, or close what is open"),
    ("Up Down", "Move in lists"),
    ("Tab", "Go to the next control"),
    ("j k", "Memories: next and previous; Enter opens"),
    ("p f", "Memories: pin, or forget; Delete forgets too"),
    ("u", "Memories: undo the last deed"),
];

/// Takes a key that was pressed anywhere.
pub fn pressed(portal: Portal, event: &KeyboardEvent) {
    if event.default_prevented() || event.is_composing() {
        return;
    }
    let command = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        "k" | "K" if command && !event.shift_key() && !event.alt_key() => {
            event.prevent_default();
            portal.ui.palette.update(|open| *open = !*open);
        }
        "Escape" => escape(portal),
        "/" | "?" if !command && portal.ui.single_keys.get_untracked() && !is_typing(event) => {
            event.prevent_default();
            if event.key() == "/" {
                // No page has both.
                focus("composer");
                focus("memory-query");
            } else {
                portal.ui.shortcuts.set(true);
            }
        }
        _ => {}
    }
}

/// A dialog closes itself; then come sheets; then the answer.
fn escape(portal: Portal) {
    let ui = portal.ui;
    if document().query_selector("dialog[open]").ok().flatten().is_some() {
        return;
    }
    if ui.details.get_untracked() || ui.sidebar.get_untracked() {
        return ui.close_sheets();
    }
    portal.stop();
}

/// Whether the key is for a field or a dialog.
pub fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| {
        let name = element.tag_name();
        matches!(name.as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.closest("dialog").ok().flatten().is_some()
    })
}
