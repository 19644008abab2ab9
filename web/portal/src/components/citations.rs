//! The memories an answer used: numbered as in its text, each to be opened.

use leptos::{prelude::*, task::spawn_local};
use web_dto::{CitationView, MemoryHitView};

use super::{Ago, Dialog};
use crate::{
    api,
    model::{Page, face, visible},
    state::Portal,
};

/// Hits looked through for the memory; it is found by its own words.
const LOOK_THROUGH: usize = 20;

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
        <Show when=move || !citations.read().is_empty()>
            <ul class="cites" aria-label="From memory">
                {move || citations.get().into_iter().map(one).collect_view()}
            </ul>
        </Show>
    }
}

/// The memory that is looked at: its words, when and where they were said.
#[component]
pub fn CitationSheet() -> impl IntoView {
    let citation = Portal::here().ui.citation;
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if citation.read().is_some() {
            open.set(true);
        }
    });
    Effect::new(move |_| {
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
    let found = RwSignal::new(None::<Option<MemoryHitView>>);
    let (id, quote) = (citation.memory_id.clone(), citation.quote.clone());
    spawn_local(async move {
        let hits = api::search(&quote, LOOK_THROUGH).await.map(|found| found.results);
        found.set(Some(hits.unwrap_or_default().into_iter().find(|hit| hit.id == id)));
    });
    let quote = visible(&citation.quote);
    view! {
        <blockquote class="memory-quote" dir="auto">{quote}</blockquote>
        {move || match found.get() {
            None => view! { <p class="quiet small" role="status">"Looking where it was said"</p> }.into_any(),
            Some(None) => view! { <p class="quiet small">"The rest of this memory is not found any more."</p> }.into_any(),
            Some(Some(hit)) => view! { <Origin hit/> }.into_any(),
        }}
    }
}

/// When, by whom and where it was said.
#[component]
fn Origin(hit: MemoryHitView) -> impl IntoView {
    let ui = Portal::here().ui;
    let by = match (hit.kind.as_str(), hit.agent.as_deref()) {
        ("said", _) => "said by you".to_owned(),
        ("note", _) => "noted".to_owned(),
        (_, Some(agent)) => format!("answered by {}", face(agent).name),
        _ => "answered".to_owned(),
    };
    let link = hit.conversation_id.map(|id| {
        let path = Page::Chat(Some(id)).path();
        let close = move |_| ui.citation.set(None);
        view! { <p><a class="link" href=path on:click=close>"Open the conversation"</a></p> }
    });
    view! {
        <p class="whole" dir="auto">{visible(&hit.text)}</p>
        <p class="quiet small">{by} ", " <Ago at=hit.created_at/></p>
        {link}
    }
}
