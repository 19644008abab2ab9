//! The dialog that asks before a conversation is deleted for good.

use leptos::prelude::*;

use super::Dialog;
use crate::state::Portal;

/// What would go, Delete and Cancel; Cancel has the focus.
#[component]
pub fn PurgeSheet() -> impl IntoView {
    let open = Portal::here().ui.purging;
    view! {
        <Dialog open label="Delete this conversation for good?">
            <Question/>
        </Dialog>
    }
}

#[component]
fn Question() -> impl IntoView {
    let portal = Portal::here();
    let open = portal.ui.purging;
    let purge = move |_| {
        open.set(false);
        portal.purge_conversation(portal.open_id.get_untracked());
    };
    view! {
        <p>
            "Its messages and answers go, what was remembered and learned of them, and quotes of that in other answers. This cannot be undone. Archiving only puts it out of sight."
        </p>
        <div class="row end">
            <button class="button" type="button" autofocus on:click=move |_| open.set(false)>"Cancel"</button>
            <button class="button danger" type="button" on:click=purge>"Delete for good"</button>
        </div>
    }
}
