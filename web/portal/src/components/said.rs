//! What the person said, and whether it has arrived.

use leptos::prelude::*;

use super::Shown;
use crate::{
    model::{Bubble, Delivery, visible},
    state::Portal,
};

/// One message of the person.
#[component]
pub fn Said(
    /// The message.
    bubble: ArcRwSignal<Bubble>,
) -> impl IntoView {
    let portal = Portal::here();
    let bubble = RwSignal::from(bubble);
    // Set as a whole: a page translator puts other nodes in the place of text nodes.
    let text = Memo::new(move |_| visible(bubble.read().shown()));
    let delivery = Memo::new(move |_| bubble.read().delivery);
    let state = move || match delivery.get() {
        Delivery::Sending => "sending",
        Delivery::Failed => "failed",
        _ => "stored",
    };
    // The id is copied first: both change the very message it would be borrowed from.
    let id = move || bubble.read_untracked().id.clone();
    let again = move |_| portal.resend(&id());
    let edit = move |_| portal.edit_unsent(&id());
    view! {
        <article class="said" aria-label="You" data-message=move || bubble.read().id.clone() data-state=state>
            <p class="text" dir="auto" data-testid="text" prop:textContent=text></p>
            <Shown when=move || delivery.get() == Delivery::Sending>
                <p class="hint">"Sending"</p>
            </Shown>
            <Shown when=move || delivery.get() == Delivery::Failed>
                <p class="hint bad">
                    "Not sent. "
                    <button class="button small" type="button" on:click=again>
                        "Retry"
                    </button>
                    " "
                    <button class="button small" type="button" on:click=edit>
                        "Edit"
                    </button>
                </p>
            </Shown>
        </article>
    }
}
