//! What an answer waits for, said below it: an agent that takes no work, with the button that starts
//! it, or the time of another try, counted down. Ends no wait itself: Stop does.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use web_dto::{HeldUp, WaitView};

use super::Shown;
use crate::{clock, effect::effect, model::face, state::Portal};

/// How often the rest of a wait is told.
const TICK_MS: u32 = 250;

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

/// Counts the time down until an agent tries again.
#[component]
pub fn Waits(
    /// Who waits, for what, and until when by this clock, in ms.
    waits: Memo<Option<(String, WaitView, u64)>>,
) -> impl IntoView {
    let until = RwSignal::new(0_u64);
    let left = RwSignal::new(0_u64);
    effect(move |_: Option<()>| {
        if let Some((.., until_ms)) = waits.get() {
            let (idle, rest) = (left.get_untracked() == 0, rest_of(until_ms));
            until.set(until_ms);
            left.set(rest);
            if idle && rest > 0 {
                spawn_local(count(until, left));
            }
        }
    });
    let words = move || {
        let waits = waits.read();
        waits.as_ref().map(|(agent, wait, _)| wait.words(agent, left.get())).unwrap_or_default()
    };
    view! {
        <Shown when=move || waits.read().is_some()>
            <p class="note small" data-testid="waits" prop:textContent=words></p>
        </Shown>
    }
}

/// Counts until nothing is left, or the page is gone.
async fn count(until: RwSignal<u64>, left: RwSignal<u64>) {
    loop {
        TimeoutFuture::new(TICK_MS).await;
        let Some(until) = until.try_get_untracked() else { return };
        let rest = rest_of(until);
        let told = left.try_get_untracked().unwrap_or_default();
        if rest.div_ceil(1_000) != told.div_ceil(1_000) {
            left.try_set(rest);
        }
        if rest == 0 {
            left.try_set(0);
            return;
        }
    }
}

fn rest_of(until_ms: u64) -> u64 {
    until_ms.saturating_sub(clock::now() as u64)
}
