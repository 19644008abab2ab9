//! What this browser keeps between visits: drafts, the theme, a switch. Nothing of the server's.
//!
//! A browser that keeps nothing (private windows, full storage) is fine: everything has a default.

use leptos::prelude::window;
use web_sys::Storage;

/// The key of the chosen theme; `boot.js` reads it too.
pub const THEME: &str = "theme";

/// The key of the switch for single-key shortcuts.
pub const KEYS: &str = "single-keys";

/// Returns the key of a conversation's draft; an empty id is the new conversation's.
pub fn draft(conversation: &str) -> String {
    format!("draft.{conversation}")
}

/// Returns what was kept under `key`.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps `value`; an empty one is forgotten.
pub fn set(key: &str, value: &str) {
    let Some(storage) = storage() else { return };
    if value.is_empty() {
        _ = storage.remove_item(key);
    } else {
        _ = storage.set_item(key, value);
    }
}

/// Forgets every draft: the next person at this browser has none of them.
pub fn forget_drafts() {
    let Some(storage) = storage() else { return };
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok().flatten());
    for key in keys.collect::<Vec<_>>() {
        if key.starts_with("draft.") {
            _ = storage.remove_item(&key);
        }
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}
