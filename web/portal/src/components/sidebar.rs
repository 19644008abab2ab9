//! The column at the side: pages, conversations, the agents as they are now, who is logged in.

use leptos::prelude::*;
use web_dto::AgentView;

use super::{Badge, Brand, Shown, shelf::Shelf, tabs::PageLinks};
use crate::{
    base::at,
    model::face,
    session::{Session, Who},
    state::Portal,
};

/// Brand, pages, conversations, agents and the account, top to bottom.
#[component]
pub fn Sidebar() -> impl IntoView {
    let portal = Portal::here();
    let find = move |_| portal.ui.palette.set(true);
    view! {
        <aside class="side" aria-label="Sidebar">
            <Brand/>
            <div class="begin">
                <a class="new" href=at("/")>"New conversation"</a>
                <button class="find" type="button" title="Commands" on:click=find>
                    <span class="unseen">"Commands "</span>
                    <kbd>"Ctrl K"</kbd>
                </button>
            </div>
            <nav class="pages" aria-label="Main"><PageLinks/></nav>
            <Shelf/>
            <section class="agents" aria-label="Agents">
                <h2 class="caption">"Agents"</h2>
                <ul aria-label="Agents">
                    <For
                        each=move || portal.rail.get().agents
                        key=|a| (a.name.clone(), a.status.clone(), a.problem.clone())
                        let:agent
                    >
                        <Agent agent/>
                    </For>
                </ul>
            </section>
            <Account/>
        </aside>
        <Shown when=portal.ui.sidebar>
            <div class="veil" on:click=move |_| portal.ui.sidebar.set(false)></div>
        </Shown>
    }
}

/// One agent: badge, name, and its state in words beside the dot.
#[component]
fn Agent(agent: AgentView) -> impl IntoView {
    let face = face(&agent.name);
    let portal = Portal::here();
    let status = move || portal.known_status(&agent.status).to_owned();
    let about = agent.problem.clone().unwrap_or_else(|| agent.description.clone());
    view! {
        <li class="agent" data-agent=face.hue title=about>
            <Badge face/>
            <span>{face.name} " " <small prop:textContent=status.clone()></small></span>
            <i class="dot" data-state=status aria-hidden="true"></i>
        </li>
    }
}

/// Who is logged in, and the way out.
#[component]
fn Account() -> impl IntoView {
    let portal = Portal::here();
    let session = Session::here();
    let name = move || match session.who() {
        Who::Somebody(me) => me.display_name,
        _ => String::new(),
    };
    view! {
        <div class="account">
            <span>{name}</span>
            <button class="button small" type="button" on:click=move |_| portal.log_out()>
                "Log out"
            </button>
        </div>
    }
}
