//! The line above the conversation: its title, the model behind it, and whether the line stands.

use leptos::prelude::*;

use crate::{api, chat::Chat};

/// Title, model and connection.
#[component]
pub fn Header() -> impl IntoView {
    let chat = Chat::here();
    let info = LocalResource::new(api::info);
    let model = move || match &*info.read() {
        Some(Ok(info)) => Some(info.model.clone()),
        _ => None,
    };
    let title = Memo::new(move |_| {
        let id = chat.thread.read().conversation_id.clone();
        let conversations = chat.conversations.read();
        let open = conversations.iter().find(|c| c.id == id);
        open.and_then(|c| c.title.clone()).unwrap_or_else(|| "New conversation".to_owned())
    });
    Effect::new(move |_| document().set_title(&format!("{} - ai-infra", title.get())));

    view! {
        <header class="top">
            <h1>{title}</h1>
            <span class="space"></span>
            <Show when=move || !chat.is_online()>
                <span class="chip warn" role="status">"Connecting"</span>
            </Show>
            {move || model().map(|model| view! { <span class="chip">"model " {model}</span> })}
        </header>
    }
}
