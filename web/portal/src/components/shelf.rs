//! The list of conversations: grouped by day, searched by title, with the archived ones aside.

use leptos::prelude::*;
use web_dto::ConversationView;

use super::{Alert, Shown};
use crate::{
    base::at,
    clock,
    model::{Page, palette, visible},
    state::Portal,
};

/// Conversations of one question that a day shows at once.
const ONCE_SHOWN: usize = 3;

/// Search field, list, and the two switches below it.
#[component]
pub fn Shelf() -> impl IntoView {
    let portal = Portal::here();
    let typed = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let typed = typed.read();
        let fits = |c: &&ConversationView| {
            palette::matches(c.title.as_deref().unwrap_or("New conversation"), &typed)
        };
        portal.shelf.read().as_ref().map(|shelf| shelf.iter().filter(fits).cloned().collect())
    });
    let search = move |text: String| {
        // A search in half a list would say "none" of what is there.
        if !text.is_empty() && portal.shelf_next.with_untracked(Option::is_some) {
            portal.read_on(true);
        }
        typed.set(text);
    };
    let more = move || portal.shelf_next.read().is_some() && typed.read().is_empty();
    view! {
        <div class="shelf">
            <input
                class="search"
                type="search"
                aria-label="Search conversations"
                placeholder="Search conversations"
                autocomplete="off"
                prop:value=typed
                on:input:target=move |event| search(event.target().value())
            />
            <nav class="conversations" aria-label="Conversations">
                <Alert failure=portal.shelf_failure/>
                {move || found.get().map(|found: Vec<ConversationView>| view! { <Found found typed/> })}
                <Shown when=more>
                    <button class="button small" type="button" on:click=move |_| portal.read_on(false)>
                        "More conversations"
                    </button>
                </Shown>
            </nav>
            <button
                class="switch"
                type="button"
                aria-pressed=move || portal.archived.get().to_string()
                on:click=move |_| portal.show_archived(!portal.archived.get_untracked())
            >
                "Archived"
            </button>
        </div>
    }
}

/// The conversations that were found, in groups; or why there are none.
#[component]
fn Found(found: Vec<ConversationView>, typed: RwSignal<String>) -> impl IntoView {
    let portal = Portal::here();
    if found.is_empty() {
        let words = match (typed.read_untracked().is_empty(), portal.archived.get_untracked()) {
            (false, _) => "No title has these words.",
            (true, true) => "Nothing is archived.",
            (true, false) => "None yet. Say something to begin one.",
        };
        return view! { <p class="quiet small">{words}</p> }.into_any();
    }
    let mut groups: Vec<(&'static str, Vec<ConversationView>)> = Vec::new();
    for conversation in found {
        let group = clock::day_group(&conversation.updated_at);
        match groups.last_mut() {
            Some((last, items)) if *last == group => items.push(conversation),
            _ => groups.push((group, vec![conversation])),
        }
    }
    groups.into_iter().map(|(name, items)| view! { <Group name items/> }).collect_view().into_any()
}

/// The conversations of a day; those of one question stand together after the others.
#[component]
fn Group(name: &'static str, items: Vec<ConversationView>) -> impl IntoView {
    let (mut once, talks): (Vec<_>, Vec<_>) = items.into_iter().partition(|c| c.once);
    let more = once.split_off(once.len().min(ONCE_SHOWN));
    let list = |name: String, items: Vec<ConversationView>| {
        (!items.is_empty()).then(
            || view! { <h2 class="caption" prop:textContent=name></h2><ul>{rows(items)}</ul> },
        )
    };
    let words = format!("{} more", more.len());
    let more = (!more.is_empty()).then(|| {
        view! { <details class="once"><summary prop:textContent=words></summary><ul>{rows(more)}</ul></details> }
    });
    (list(name.to_owned(), talks), list(format!("{name}, single questions"), once), more)
}

fn rows(items: Vec<ConversationView>) -> Vec<AnyView> {
    items.into_iter().map(|c| view! { <Row conversation=c/> }.into_any()).collect()
}

/// One conversation in the list.
#[component]
fn Row(conversation: ConversationView) -> impl IntoView {
    let portal = Portal::here();
    let id = conversation.id.clone();
    let current =
        move || (*portal.open_id.read() == id && portal.place.page().is_chat()).then_some("page");
    let title = visible(conversation.title.as_deref().unwrap_or("New conversation"));
    let path = at(&Page::Chat(Some(conversation.id)).path());
    view! {
        <li>
            <a href=path aria-current=current title=title.clone() prop:textContent=title></a>
        </li>
    }
}
