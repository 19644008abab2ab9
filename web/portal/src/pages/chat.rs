//! The chat page: the conversation in the middle, the details of its last answer beside it.

use leptos::prelude::*;

use crate::{
    components::{Composer, Header, Inspector, Shown, Transcript},
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
        <Shown when=ui.details>
            <div class="veil" on:click=move |_| ui.details.set(false)></div>
        </Shown>
    }
}
