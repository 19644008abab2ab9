//! The memory page: what is known about something, how near it is, and why it was found.

use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use web_dto::MemoryHitView;

use crate::{
    api,
    components::{Ago, Alert, Icon, Shape, TopBar, typed_in},
    model::{Failure, Page, face, visible},
    state::Portal,
};

/// Hits asked for.
const LIMIT: usize = 20;

/// The page.
#[component]
pub fn Memory() -> impl IntoView {
    let portal = Portal::here();
    let node = NodeRef::<html::Input>::new();
    let hits = RwSignal::new(None::<Vec<MemoryHitView>>);
    let failure = RwSignal::new(None::<Failure>);
    let busy = RwSignal::new(false);
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        let query = typed_in(node);
        if query.trim().is_empty() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            match api::search(&query, LIMIT).await {
                Ok(found) => {
                    failure.set(None);
                    hits.set(Some(found.results));
                }
                Err(problem) => {
                    portal.session.notice(&problem);
                    failure.set(Some(problem));
                    hits.set(None);
                }
            }
            busy.set(false);
        });
    };
    let count = move || match hits.read().as_ref().map(Vec::len) {
        None => String::new(),
        Some(0) => "Nothing is remembered about that.".to_owned(),
        Some(1) => "1 memory, best first".to_owned(),
        Some(n) => format!("{n} memories, best first"),
    };
    view! {
        <main class="main" id="main">
            <TopBar title=Signal::stored("Memory".to_owned())/>
            <div class="page narrow">
                <form class="search-form" role="search" on:submit=search aria-busy=move || busy.get().to_string()>
                    <label for="memory-query">"What are you looking for?"</label>
                    <div class="row">
                        <input id="memory-query" class="search" type="search" autocomplete="off" node_ref=node/>
                        <button class="button main" type="submit" disabled=busy>
                            <Icon shape=Shape::Search/>
                            "Search"
                        </button>
                    </div>
                </form>
                <Alert failure/>
                <p class="quiet small" role="status">{count}</p>
                <Show when=move || hits.read().is_none() && failure.read().is_none()>
                    <div class="state">
                        <h2>"Everything that was said can be found"</h2>
                        <p class="quiet">
                            "Ask in your own words: the search goes by meaning, not by letters. Each memory says how near it is and where it comes from."
                        </p>
                    </div>
                </Show>
                <ul class="hits" aria-label="Memories">
                    {move || hits.get().unwrap_or_default().into_iter().map(|hit| view! { <Hit hit/> }).collect_view()}
                </ul>
            </div>
        </main>
    }
}

/// One memory: its words, its score with the reason, its origin.
#[component]
fn Hit(hit: MemoryHitView) -> impl IntoView {
    let kind = match (hit.kind.as_str(), hit.agent.as_deref()) {
        ("said", _) => "you said".to_owned(),
        ("note", _) => "noted".to_owned(),
        (_, Some(agent)) => format!("{} answered", face(agent).name),
        _ => "answered".to_owned(),
    };
    let hue = hit.agent.as_deref().map_or("none", |agent| face(agent).hue);
    let score = f64::from(hit.score);
    let link = hit.conversation_id.map(|id| {
        view! { <a class="link" href=Page::Chat(Some(id)).path()>"open the conversation"</a> }
    });
    view! {
        <li class="hit" data-agent=hue>
            <p class="hit-text" dir="auto">{visible(&hit.text)}</p>
            <p class="hit-score">
                <meter min="0" max="1" value=format!("{:.3}", score.max(0.0)) aria-label="Nearness"></meter>
                <b>{format!("{score:.2}")}</b>
                <span>{visible(&hit.why)}</span>
            </p>
            <p class="quiet small hit-origin">
                <span>{kind}</span>
                <Ago at=hit.created_at/>
                <span>{hit.tier} " tier"</span>
                {link}
            </p>
        </li>
    }
}
