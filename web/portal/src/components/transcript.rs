//! The conversation: its messages, the answer being written, and the states without either.
//!
//! Follows the end while the reader is at the end, and never moves under a reader who is not.

use leptos::{html, prelude::*};

use super::Badge;
use crate::{
    chat::Chat,
    model::{Bubble, Delivery, face},
};

/// Pixels from the end that still count as the end.
const NEAR_THE_END: i32 = 60;

/// What a new conversation suggests.
const EXAMPLES: [&str; 3] = [
    "Remember that the staging database is called heron",
    "What is the staging database called?",
    "/ask qa How do I test a log-in form?",
];

/// The scrolling part of the page.
#[component]
pub fn Transcript() -> impl IntoView {
    let chat = Chat::here();
    let log = NodeRef::<html::Section>::new();
    let at_end = RwSignal::new(true);
    let to_end = move || {
        if let Some(log) = log.get_untracked() {
            log.set_scroll_top(log.scroll_height());
        }
    };
    let scrolled = move |_| {
        if let Some(log) = log.get_untracked() {
            let below = log.scroll_height() - log.scroll_top() - log.client_height();
            at_end.set(below < NEAR_THE_END);
        }
    };
    Effect::new(move |_| {
        chat.thread.track();
        if at_end.get_untracked() {
            request_animation_frame(to_end);
        }
    });
    // Another conversation begins at its end.
    let open = Memo::new(move |_| chat.thread.read().conversation_id.clone());
    Effect::new(move |_| {
        open.track();
        at_end.set(true);
    });
    let ids = Memo::new(move |_| {
        chat.thread.read().bubbles.iter().map(|b| b.id.clone()).collect::<Vec<_>>()
    });
    let loading = Memo::new(move |_| chat.thread.read().is_loading());
    let empty = move || ids.read().is_empty() && !loading.get();

    view! {
        <section
            class="log"
            role="log"
            aria-label="Conversation"
            aria-live="off"
            aria-busy=move || chat.thread.read().is_busy().to_string()
            tabindex="0"
            node_ref=log
            on:scroll=scrolled
        >
            <div class="column">
                <Show when=move || loading.get()>
                    <p class="quiet" role="status">"Loading the conversation"</p>
                </Show>
                <Show when=empty><Welcome/></Show>
                <Show when=move || chat.thread.read().older.is_some()>
                    <button class="button small older" type="button" on:click=move |_| chat.load_older()>
                        "Show earlier messages"
                    </button>
                </Show>
                <For each=move || ids.get() key=Clone::clone let:id>
                    <Message id/>
                </For>
            </div>
            <Show when=move || !at_end.get()>
                <button class="button small newest" type="button" on:click=move |_| to_end()>
                    "Newest message"
                </button>
            </Show>
        </section>
    }
}

/// What a new conversation shows.
#[component]
fn Welcome() -> impl IntoView {
    let chat = Chat::here();
    let example = move |text: &'static str| {
        view! {
            <li>
                <button class="example" type="button" on:click=move |_| chat.send(text.to_owned())>
                    {text}
                </button>
            </li>
        }
    };
    view! {
        <div class="welcome">
            <h2>"What should the agents do?"</h2>
            <p class="quiet">
                "The supervisor gives each message to the agent that fits. What you say is remembered."
            </p>
            <ul>{EXAMPLES.map(example).collect_view()}</ul>
        </div>
    }
}

/// One message; follows its bubble by id, so that a chunk redraws this one alone.
#[component]
fn Message(id: String) -> impl IntoView {
    let chat = Chat::here();
    let bubble =
        Memo::new(move |_| chat.thread.read().bubbles.iter().find(|b| b.id == id).cloned());
    let from_person = Memo::new(move |_| bubble.read().as_ref().is_some_and(|b| b.role == "user"));
    move || {
        if from_person.get() {
            view! { <Said bubble/> }.into_any()
        } else {
            view! { <Answer bubble/> }.into_any()
        }
    }
}

/// What the person said.
#[component]
fn Said(bubble: Memo<Option<Bubble>>) -> impl IntoView {
    let chat = Chat::here();
    let text = move || bubble.read().as_ref().map(|b| b.text.clone());
    let delivery = Memo::new(move |_| bubble.read().as_ref().map(|b| b.delivery));
    let again = move |_| {
        if let Some(bubble) = bubble.get_untracked() {
            chat.retry(&bubble.id);
        }
    };
    view! {
        <article class="said" aria-label="You">
            <p class="text">{text}</p>
            <Show when=move || delivery.get() == Some(Delivery::Sending)>
                <p class="hint">"Sending"</p>
            </Show>
            <Show when=move || delivery.get() == Some(Delivery::Failed)>
                <p class="hint bad">
                    "Not sent. "
                    <button class="button small" type="button" on:click=again>"Try again"</button>
                </p>
            </Show>
        </article>
    }
}

/// What an agent answered or is answering.
#[component]
fn Answer(bubble: Memo<Option<Bubble>>) -> impl IntoView {
    let writer = Memo::new(move |_| {
        let bubble = bubble.read();
        let bubble = bubble.as_ref()?;
        // Nobody has begun: the supervisor has it.
        let fallback = if bubble.delivery == Delivery::Waiting { "supervisor" } else { "" };
        Some(face(bubble.agent.as_deref().unwrap_or(fallback)))
    });
    let open = Memo::new(move |_| bubble.read().as_ref().is_some_and(Bubble::is_open));
    let text = move || bubble.read().as_ref().map(|b| b.text.clone());
    let state = move || match bubble.read().as_ref().map(|b| b.delivery) {
        Some(Delivery::Waiting) => "is choosing an agent",
        Some(Delivery::Writing(1)) => "is writing",
        Some(Delivery::Writing(_)) => "is writing again after an interruption",
        _ => "",
    };
    let at = move || bubble.read().as_ref().and_then(|b| b.at.clone());
    let model = move || bubble.read().as_ref().and_then(|b| b.model.clone());
    view! {
        <article class="answer" data-agent=move || writer.get().map(|w| w.hue)>
            {move || writer.get().map(|face| view! { <Badge face/> })}
            <div class="body">
                <p class="who">
                    <b>{move || writer.get().map(|w| w.name)}</b>
                    {move || at().map(|at| view! { <Time at/> })}
                    <span>{state}</span>
                    {move || model().map(|model| view! { <span>{model}</span> })}
                </p>
                <p class="text" class:open=open>{text}</p>
                <Citations bubble/>
            </div>
        </article>
    }
}

/// The memories an answer used, numbered as in its text.
#[component]
fn Citations(bubble: Memo<Option<Bubble>>) -> impl IntoView {
    let citations =
        Memo::new(move |_| bubble.read().as_ref().map(|b| b.citations.clone()).unwrap_or_default());
    let list = move || {
        citations.get().into_iter().map(|c| {
            view! { <li class="cite">{format!("{} \u{b7} {}", c.number, c.quote)}</li> }
        })
    };
    view! {
        <Show when=move || !citations.read().is_empty()>
            <ul class="cites" aria-label="From memory">{list().collect_view()}</ul>
        </Show>
    }
}

/// A time of day, with the whole time for whoever asks.
#[component]
fn Time(at: String) -> impl IntoView {
    let date = js_sys::Date::new(&at.as_str().into());
    let clock = format!("{:02}:{:02}", date.get_hours(), date.get_minutes());
    view! { <time datetime=at.clone() title=at>{clock}</time> }
}
