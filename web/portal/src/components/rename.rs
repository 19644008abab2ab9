//! The dialog that gives the open conversation another title.

use leptos::{ev::SubmitEvent, html, prelude::*};

use super::{Dialog, typed_in};
use crate::state::Portal;

/// Most characters of a title; the server's limit.
const MAX_TITLE_CHARS: &str = "255";

/// One field, Save and Cancel.
#[component]
pub fn RenameSheet() -> impl IntoView {
    let open = Portal::here().ui.renaming;
    view! {
        <Dialog open label="Rename conversation">
            <Form/>
        </Dialog>
    }
}

#[component]
fn Form() -> impl IntoView {
    let portal = Portal::here();
    let open = portal.ui.renaming;
    let node = NodeRef::<html::Input>::new();
    let title = untrack(move || portal.opened()).and_then(|c| c.title).unwrap_or_default();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let title = typed_in(node).trim().to_owned();
        if !title.is_empty() {
            portal.rename(portal.open_id.get_untracked(), title);
            open.set(false);
        }
    };
    view! {
        <form class="form" on:submit=save>
            <div class="field">
                <label for="new-title">"Title"</label>
                <input id="new-title" maxlength=MAX_TITLE_CHARS required autofocus value=title node_ref=node/>
            </div>
            <div class="row end">
                <button class="button" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button class="button main" type="submit">"Save"</button>
            </div>
        </form>
    }
}
