//! What an answer waits for, said below it, with the button that ends the wait. Counts nothing.

use leptos::prelude::*;
use web_dto::HeldUp;

use super::Shown;
use crate::{model::face, state::Portal};

/// Says which agent takes no work; whoever may start it can do so here.
#[component]
pub fn HeldUpBy(
    /// What holds the answer up, if anything does.
    held: Memo<Option<HeldUp>>,
) -> impl IntoView {
    let portal = Portal::here();
    let words = move || held.read().as_ref().map(|it| it.words.clone()).unwrap_or_default();
    let can_start = Memo::new(move |_| {
        portal.session.is_admin() && held.read().as_ref().is_some_and(|it| it.can_start)
    });
    let agent = move || held.read().as_ref().map(|it| it.agent.clone()).unwrap_or_default();
    let start = move |_| portal.steer(agent(), "start");
    view! {
        <Shown when=move || held.read().is_some()>
            <p class="note small" role="status" data-testid="held-up">
                <span prop:textContent=words></span>
                " The message waits. "
                <Shown when=can_start>
                    <button class="button small" type="button" on:click=start>
                        <span prop:textContent=move || format!("Start {}", face(&agent()).name)></span>
                    </button>
                </Shown>
            </p>
        </Shown>
    }
}
