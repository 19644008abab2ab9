//! What this browser keeps between visits: what was typed, the theme, a switch. Nothing of the
//! server's.
//!
//! A browser that keeps nothing (private windows, full storage) is fine: what is typed then lives as
//! long as the page, and everything else has a default.

use std::{cell::RefCell, collections::BTreeMap};

use leptos::prelude::window;
use web_sys::Storage;

use crate::model::LEFT;

/// The key of the chosen theme; `boot.js` reads it too.
pub const THEME: &str = "theme";

/// The key of the switch for single-key shortcuts.
pub const KEYS: &str = "single-keys";

thread_local! {
    /// What the browser would not take.
    static UNTAKEN: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// The name of this tab, which `boot.js` has given it.
pub fn tab() -> String {
    let storage = window().session_storage().ok().flatten();
    let name = storage.and_then(|storage| storage.get_item("tab").ok().flatten());
    name.unwrap_or_else(|| LEFT.to_owned())
}

/// Returns what was kept under `key`.
pub fn get(key: &str) -> Option<String> {
    let untaken = UNTAKEN.with_borrow(|untaken| untaken.get(key).cloned());
    untaken.or_else(|| storage()?.get_item(key).ok().flatten())
}

/// Keeps `value`; an empty one is forgotten.
pub fn set(key: &str, value: &str) {
    let storage = storage();
    if value.is_empty() {
        _ = UNTAKEN.with_borrow_mut(|untaken| untaken.remove(key));
        _ = storage.map(|storage| storage.remove_item(key));
        return;
    }
    let taken = storage.is_some_and(|storage| storage.set_item(key, value).is_ok());
    UNTAKEN.with_borrow_mut(|untaken| {
        _ = untaken.remove(key);
        if !taken {
            _ = untaken.insert(key.to_owned(), value.to_owned());
        }
    });
}

/// Every key that something is kept under.
pub fn keys() -> Vec<String> {
    let mut keys: Vec<_> = UNTAKEN.with_borrow(|untaken| untaken.keys().cloned().collect());
    if let Some(storage) = storage() {
        let count = storage.length().unwrap_or(0);
        keys.extend((0..count).filter_map(|at| storage.key(at).ok().flatten()));
    }
    keys
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
