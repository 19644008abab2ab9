//! What an empty conversation shows: what this is for, and three ways to begin.

use leptos::prelude::*;

use crate::{
    session::{Session, Who},
    state::Portal,
};

/// What a new conversation suggests.
const EXAMPLES: [(&str, &str); 3] = [
    ("Remember that the staging database is called heron", "It is kept, with where it was said."),
    ("What is the staging database called?", "Answered from memory, with its source."),
    ("/ask qa How do I test a log-in form?", "Goes to one agent, past the supervisor."),
];

/// Greeting and examples.
#[component]
pub fn Welcome() -> impl IntoView {
    let portal = Portal::here();
    let session = Session::here();
    let name = move || match session.who() {
        Who::Somebody(me) => format!("What should the agents do, {}?", me.display_name),
        _ => "What should the agents do?".to_owned(),
    };
    let example = move |(text, why): (&'static str, &'static str)| {
        view! {
            <li>
                <button class="example" type="button" on:click=move |_| portal.send(text.to_owned())>
                    <b>{text}</b>
                    <span>{why}</span>
                </button>
            </li>
        }
    };
    view! {
        <div class="welcome">
            <h2>{name}</h2>
            <p class="quiet">
                "The supervisor gives each message to the agent that fits. What you say is remembered, and used again when it helps."
            </p>
            <ul aria-label="Examples">{EXAMPLES.map(example).collect_view()}</ul>
        </div>
    }
}
