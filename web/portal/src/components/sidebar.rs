//! The column at the side: conversations, the agents as they are now, and who is logged in.

use leptos::prelude::*;
use web_dto::{AgentView, ConversationView};

use super::{Badge, Brand};
use crate::{
    chat::Chat,
    model::face,
    session::{Session, Who},
};

/// Brand, conversations, agents and the account, top to bottom.
#[component]
pub fn Sidebar() -> impl IntoView {
    let chat = Chat::here();
    view! {
        <aside class="side" aria-label="Conversations and agents">
            <Brand/>
            <a class="new" href="/">"New conversation"</a>
            <nav class="conversations" aria-label="Conversations">
                <h2 class="caption">"Conversations"</h2>
                <ul>
                    <For
                        each=move || chat.conversations.get()
                        key=|c| (c.id.clone(), c.title.clone())
                        let:conversation
                    >
                        <Conversation conversation/>
                    </For>
                </ul>
                <Show when=move || chat.conversations.read().is_empty()>
                    <p class="quiet small">"None yet. Say something to begin one."</p>
                </Show>
            </nav>
            <section class="agents" aria-label="Agents">
                <h2 class="caption">"Agents"</h2>
                <ul>
                    <For
                        each=move || chat.rail.get().agents
                        key=|a| (a.name.clone(), a.status.clone(), a.problem.clone())
                        let:agent
                    >
                        <Agent agent/>
                    </For>
                </ul>
            </section>
            <Account/>
        </aside>
    }
}

/// One conversation in the list.
#[component]
fn Conversation(conversation: ConversationView) -> impl IntoView {
    let chat = Chat::here();
    let id = conversation.id.clone();
    let current = Memo::new(move |_| (chat.thread.read().conversation_id == id).then_some("page"));
    let title = conversation.title.unwrap_or_else(|| "New conversation".to_owned());
    let whole = title.clone();
    view! {
        <li>
            <a href=format!("/?c={}", conversation.id) aria-current=current title=whole>
                {title}
            </a>
        </li>
    }
}

/// One agent: badge, name, and its state in words beside the dot.
#[component]
fn Agent(agent: AgentView) -> impl IntoView {
    let face = face(&agent.name);
    let about = agent.problem.clone().unwrap_or_else(|| agent.description.clone());
    view! {
        <li class="agent" data-agent=face.hue title=about>
            <Badge face/>
            <span>{face.name} " " <small>{agent.status.clone()}</small></span>
            <i class="dot" data-state=agent.status.clone() aria-hidden="true"></i>
        </li>
    }
}

/// Who is logged in, and the way out.
#[component]
fn Account() -> impl IntoView {
    let chat = Chat::here();
    let session = Session::here();
    let name = move || match session.who() {
        Who::Somebody(me) => me.display_name,
        _ => String::new(),
    };
    view! {
        <div class="account">
            <span>{name}</span>
            <button class="button small" type="button" on:click=move |_| chat.log_out()>
                "Log out"
            </button>
        </div>
    }
}
