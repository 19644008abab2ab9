//! The chat page: conversations and agents at the side, the open conversation in the middle.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    chat,
    components::{Composer, Header, Sidebar, Transcript},
    model::conversation_of,
    session::{Session, Who},
};

/// The page for somebody who is logged in; sends everybody else to the log-in page.
#[component]
pub fn Chat() -> impl IntoView {
    let session = Session::here();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if session.who() == Who::Nobody {
            navigate("/login", NavigateOptions { replace: true, ..Default::default() });
        }
    });
    let somebody = Memo::new(move |_| matches!(session.who(), Who::Somebody(_)));
    view! {
        <Show when=move || somebody.get() fallback=|| view! { <p class="loading">"Loading"</p> }>
            <Room/>
        </Show>
    }
}

/// The page itself.
#[component]
fn Room() -> impl IntoView {
    let chat = chat::Chat::provide();
    let query = use_location().search;
    let side_open = RwSignal::new(false);
    Effect::new(move |_| {
        chat.open(conversation_of(&query.get()));
        side_open.set(false);
    });

    view! {
        <a class="skip" href="#composer">"Skip to the message field"</a>
        <div class="app" data-side=move || if side_open.get() { "open" } else { "closed" }>
            <Sidebar/>
            <main class="main">
                <Header/>
                <Transcript/>
                <Composer/>
            </main>
            <Tabs side_open/>
        </div>
        <p class="unseen" role="status" aria-live="polite">{move || chat.spoken.get()}</p>
    }
}

/// What switches between the two columns where only one fits.
#[component]
fn Tabs(side_open: RwSignal<bool>) -> impl IntoView {
    let tab = move |label: &'static str, side: bool| {
        let current = move || (side_open.get() == side).then_some("true");
        view! {
            <button type="button" aria-current=current on:click=move |_| side_open.set(side)>
                {label}
            </button>
        }
    };
    view! {
        <nav class="tabs" aria-label="Views">
            {tab("Chat", false)}
            {tab("Conversations and agents", true)}
        </nav>
    }
}
