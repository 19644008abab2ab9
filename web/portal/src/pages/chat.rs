//! The chat page: the conversation in the middle, the details of its last answer beside it.

use leptos::prelude::*;

use crate::{
    components::{Composer, Header, Inspector, Transcript},
    state::Portal,
};

/// The page.
#[component]
pub fn Chat() -> impl IntoView {
    let ui = Portal::here().ui;
    view! {
        <main class="main chat" id="main">
            <Header/>
            <Transcript/>
            <Composer/>
        </main>
        <Inspector/>
        <Show when=move || ui.details.get()>
            <div class="veil" on:click=move |_| ui.details.set(false)></div>
        </Show>
    }
}
