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
    let text = Memo::new(move |_| visible(bubble.read().shown()));
    let delivery = Memo::new(move |_| bubble.read().delivery);
    let state = move || match delivery.get() {
        Delivery::Sending => "sending",
        Delivery::Failed => "failed",
        _ => "stored",
    };
    // The id is copied first: sending changes the very message it would be borrowed from.
    let again = move |_| {
        let id = bubble.read_untracked().id.clone();
        portal.resend(&id);
    };
    view! {
        <article class="said" aria-label="You" data-message=move || bubble.read().id.clone() data-state=state>
            <p class="text" dir="auto" data-testid="text">{text}</p>
            <Shown when=move || delivery.get() == Delivery::Sending>
                <p class="hint">"Sending"</p>
            </Shown>
            <Shown when=move || delivery.get() == Delivery::Failed>
                <p class="hint bad">
                    "Not sent. "
                    <button class="button small" type="button" on:click=again>
                        "Retry"
                    </button>
                </p>
            </Shown>
        </article>
    }
}
