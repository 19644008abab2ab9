//! The memories an answer used: numbered as in its text, each to be opened.

use leptos::{prelude::*, task::spawn_local};
use web_dto::{CitationView, MemoryView};

use super::{Dialog, Filled, Made, Shown, deed_of};
use crate::{
    api,
    base::at,
    clock,
    effect::effect,
    model::{Page, memory::words, visible},
    state::Portal,
};

/// The list below an answer; nothing when it used none.
#[component]
pub fn Citations(
    /// What it used.
    citations: Memo<Vec<CitationView>>,
) -> impl IntoView {
    let ui = Portal::here().ui;
    let one = move |citation: CitationView| {
        let (number, quote) = (citation.number, visible(&citation.quote));
        view! {
            <li>
                <button
                    class="cite"
                    type="button"
                    on:click=move |_| ui.citation.set(Some(citation.clone()))
                >
                    <b><span class="unseen">"Memory "</span>{number}</b>
                    <span dir="auto">{quote}</span>
                </button>
            </li>
        }
    };
    view! {
        <Shown when=move || !citations.read().is_empty()>
            <ul class="cites" aria-label="From memory">
                {move || citations.get().into_iter().map(one).collect_view()}
            </ul>
        </Shown>
    }
}

/// The memory that is looked at: its words, when and where they were said.
#[component]
pub fn CitationSheet() -> impl IntoView {
    let citation = Portal::here().ui.citation;
    let open = RwSignal::new(false);
    effect(move |_: Option<()>| {
        if citation.read().is_some() {
            open.set(true);
        }
    });
    effect(move |_: Option<()>| {
        if !open.get() && citation.read_untracked().is_some() {
            citation.set(None);
        }
    });
    let label = Signal::derive(move || {
        citation.read().as_ref().map_or_else(String::new, |c| format!("Memory {}", c.number))
    });
    view! {
        <Dialog open label>
            {move || citation.get().map(|citation| view! { <Cited citation/> })}
        </Dialog>
    }
}

#[component]
fn Cited(citation: CitationView) -> impl IntoView {
    let ui = Portal::here().ui;
    let found = RwSignal::new(None::<Option<MemoryView>>);
    let id = citation.memory_id.clone();
    spawn_local(async move { found.set(Some(api::memory(&id).await.ok())) });
    let parts = move || {
        let quote = Made::words("blockquote", "memory-quote", &citation.quote);
        let mut parts = vec![quote.set("dir", "auto")];
        match found.read().as_ref() {
            None => {
                let words = Made::words("p", "quiet small", "Looking where it was said");
                parts.push(words.set("role", "status"));
            }
            Some(None) => {
                let words = "The rest of this memory is not found any more.";
                parts.push(Made::words("p", "quiet small", words));
            }
            Some(Some(memory)) => parts.extend(origin(memory)),
        }
        parts
    };
    // A link leads away from what is open.
    let left = move |event: leptos::ev::MouseEvent| {
        if deed_of(&event).is_some() {
            ui.citation.set(None);
        }
    };
    view! {
        <div on:click=left>
            <Filled class="form" parts/>
        </div>
    }
}

/// When, by whom and where it was said.
fn origin(memory: &MemoryView) -> Vec<Made> {
    let said = format!("{}, {}", words::origin(memory), clock::ago(&memory.created_at));
    let mut parts = vec![
        Made::words("p", "whole", &memory.text).set("dir", "auto"),
        Made::words("p", "quiet small", &said).set("title", &clock::whole(&memory.created_at)),
    ];
    if let Some(id) = &memory.conversation_id {
        let path = at(&Page::Chat(Some(id.clone())).path());
        let link = Made::words("a", "link", "Open the conversation").set("href", &path);
        parts.push(Made::new("p", "").add(link.set("data-do", "leave")));
    }
    parts
}
