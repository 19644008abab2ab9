//! The sheet of keyboard shortcuts.

use leptos::prelude::*;

use super::Dialog;
use crate::{keys::SHORTCUTS, state::Portal};

/// Key and meaning, one a line.
#[component]
pub fn ShortcutSheet() -> impl IntoView {
    let open = Portal::here().ui.shortcuts;
    let line = |(keys, what): (&'static str, &'static str)| {
        let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
        view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }
    };
    view! {
        <Dialog open label="Keyboard shortcuts">
            <dl class="shortcuts">{SHORTCUTS.map(line).collect_view()}</dl>
            <p class="quiet small">"Single keys can be switched off in Settings."</p>
        </Dialog>
    }
}
