//! The line above a page: its heading, how the line to the server is, and what the page adds.

use leptos::prelude::*;

use super::{Icon, Shape, Shown, ailing::AilingStrip};
use crate::{effect::effect, state::Portal};

/// Heading, connection, and the page's own controls; names the page in the tab too.
#[component]
pub fn TopBar(
    /// The page's heading.
    #[prop(into)]
    title: Signal<String>,
    /// What stands at the right.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let portal = Portal::here();
    effect(move |_: Option<()>| document().set_title(&format!("{} - ai-infra", title.get())));
    view! {
        <div>
            <header class="top">
                <button
                    class="icon-button only-narrow"
                    type="button"
                    aria-label="Conversations"
                    aria-expanded=move || portal.ui.sidebar.get().to_string()
                    on:click=move |_| portal.ui.sidebar.update(|open| *open = !*open)
                >
                    <Icon shape=Shape::List/>
                </button>
                <h1 id="title" tabindex="-1" prop:textContent=title></h1>
                <span class="space"></span>
                <Connection/>
                {children.map(|children| children())}
            </header>
            <AilingStrip/>
        </div>
    }
}

/// Says so when the live line does not stand.
#[component]
fn Connection() -> impl IntoView {
    let feed = Portal::here().feed;
    let (online, down) = (feed.online, move || feed.is_down());
    view! {
        <span
            class="connection"
            role="status"
            data-testid="connection"
            data-online=move || online.get().to_string()
        >
            <Shown when=down>
                <span class="chip warn">"No connection"</span>
            </Shown>
        </span>
    }
}
