//! What an agent answered or is answering.

use leptos::prelude::*;
use web_dto::{WaitView, cut_off_words};

use super::{
    Badge, Clock, Icon, Shape, Shown,
    citations::Citations,
    held::{HeldUpBy, Waits},
    markdown::Markdown,
    phases::Phases,
};
use crate::{
    model::{Bubble, Delivery, Job, face},
    state::Portal,
};

/// One answer: who, when, how far, the text, its sources, and what can be done with it.
#[component]
pub fn Answer(
    /// The answer.
    bubble: ArcRwSignal<Bubble>,
) -> impl IntoView {
    let portal = Portal::here();
    let bubble = RwSignal::from(bubble);
    let writer = Memo::new(move |_| {
        let bubble = bubble.read();
        // Nobody has begun: the supervisor has it.
        let fallback = if bubble.delivery == Delivery::Waiting { "supervisor" } else { "" };
        face(bubble.agent.as_deref().unwrap_or(fallback))
    });
    let open = Memo::new(move |_| bubble.read().is_open());
    let text = Memo::new(move |_| bubble.read().shown().to_owned());
    let citations = Memo::new(move |_| bubble.read().citations.clone());
    let numbers = Memo::new(move |_| citations.read().iter().map(|c| c.number).collect());
    let at = Memo::new(move |_| bubble.read().at.clone());
    let cut_off = Memo::new(move |_| bubble.read().cut_off.as_deref().map(cut_off_words));
    let in_hand = Memo::new(move |_| {
        open.get().then(|| portal.board.read().in_hand(&bubble.read().id)).flatten()
    });
    let held = Memo::new(move |_| {
        let held = in_hand.read().as_ref().and_then(|job| portal.held_up(&job.agent));
        // What is being written does not wait for an agent that finishes it.
        held.filter(|it| !(it.finishes && matches!(bubble.read().delivery, Delivery::Writing(_))))
    });
    let waits = Memo::new(move |_| in_hand.read().as_ref().and_then(wait_of));
    let about =
        Memo::new(move |_| about(&bubble.read(), held.read().is_some() || waits.read().is_some()));
    let phase = Memo::new(move |_| {
        open.get().then(|| portal.board.read().phase(&bubble.read().id)).flatten()
    });
    let place = NodeRef::<leptos::html::Div>::new();
    let name = move || writer.get().name;
    let pick = Callback::new(move |number: u32| {
        let picked = citations.read_untracked().iter().find(|c| c.number == number).cloned();
        portal.ui.citation.set(picked);
    });
    view! {
        <article
            class="answer"
            aria-label=name
            data-agent=move || writer.get().hue
            data-message=move || bubble.read().id.clone()
            data-state=move || state(&bubble.read())
        >
            {move || view! { <Badge face=writer.get()/> }}
            <div class="body">
                <p class="who">
                    <b prop:textContent=name></b>
                    {move || at.get().map(|at| view! { <Clock at/> })}
                    <span prop:textContent=about></span>
                </p>
                <Shown when=move || open.get() && phase.get().is_some()>
                    <Phases now=phase/>
                </Shown>
                <div class="text" class:open=open data-testid="text" node_ref=place>
                    <Markdown text open numbers pick place/>
                </div>
                <Shown when=move || cut_off.get().is_some()>
                    <p class="note small" data-testid="cut-off" prop:textContent=move || cut_off.get().unwrap_or_default()></p>
                </Shown>
                <HeldUpBy held/>
                <Waits waits/>
                <Citations citations/>
                <Shown when=move || !open.get()>
                    <Tools bubble/>
                </Shown>
            </div>
        </article>
    }
}

/// Who waits for another try, why, and until when.
fn wait_of(job: &Job) -> Option<(String, WaitView, u64)> {
    job.wait.clone().map(|wait| (job.agent.clone(), wait, job.until_ms))
}

/// What can be done with an answer that is there.
#[component]
fn Tools(bubble: RwSignal<Bubble>) -> impl IntoView {
    let portal = Portal::here();
    let again = Memo::new(move |_| {
        let bubble = bubble.read();
        bubble.stopped || bubble.cut_off.is_some() || bubble.role == "system"
    });
    // Copied first: what follows may change the very message it would be borrowed from.
    let copy = move |_| {
        let text = bubble.read_untracked().text.clone();
        portal.ui.copy(&text);
    };
    let ask_again = move |_| {
        let id = bubble.read_untracked().id.clone();
        portal.ask_again(&id);
    };
    view! {
        <div class="message-tools">
            <button class="tool" type="button" on:click=copy>
                <Icon shape=Shape::Copy/>
                "Copy"
            </button>
            <Shown when=again>
                <button class="tool" type="button" on:click=ask_again>
                    <Icon shape=Shape::Retry/>
                    "Retry"
                </button>
            </Shown>
        </div>
    }
}

/// What stands beside the name.
fn about(bubble: &Bubble, held: bool) -> String {
    match bubble.delivery {
        Delivery::Waiting if held => "waits".to_owned(),
        Delivery::Waiting => "is choosing an agent".to_owned(),
        Delivery::Writing(1) => "is writing".to_owned(),
        Delivery::Writing(_) => "is writing again after an interruption".to_owned(),
        _ if bubble.stopped => "stopped".to_owned(),
        _ if bubble.cut_off.is_some() => "not whole".to_owned(),
        _ => bubble.model.clone().unwrap_or_default(),
    }
}

fn state(bubble: &Bubble) -> &'static str {
    match bubble.delivery {
        Delivery::Waiting => "waiting",
        Delivery::Writing(_) => "writing",
        _ if bubble.stopped => "stopped",
        _ if bubble.role == "system" => "failed",
        _ => "stored",
    }
}
