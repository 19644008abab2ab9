//! Ctrl+K: every command and every conversation, found by typing.

use std::sync::Arc;

use leptos::{ev::KeyboardEvent, prelude::*};

use super::{Dialog, Shown};
use crate::{
    model::{Page, Theme, palette, visible},
    state::Portal,
};

/// What choosing does; it outlives the dialog, which a callback of the dialog would not.
type Run = Arc<dyn Fn() + Send + Sync>;

/// One thing to choose.
#[derive(Clone)]
struct Entry {
    label: String,
    kind: &'static str,
    run: Run,
}

/// The dialog.
#[component]
pub fn Palette() -> impl IntoView {
    let open = Portal::here().ui.palette;
    view! {
        <Dialog open label="Commands" class="palette">
            <Chooser/>
        </Dialog>
    }
}

#[component]
fn Chooser() -> impl IntoView {
    let portal = Portal::here();
    let entries = StoredValue::new(untrack(move || entries(portal)));
    let labels = StoredValue::new(
        entries.with_value(|e| e.iter().map(|entry| entry.label.clone()).collect::<Vec<_>>()),
    );
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0);
    let found =
        Memo::new(move |_| labels.with_value(|labels| palette::ranked(labels, &typed.read())));
    let choose = move |position: usize| {
        let run = found
            .with_untracked(|found| found.get(position).copied())
            .and_then(|index| entries.with_value(|e| e.get(index).map(|entry| entry.run.clone())));
        if let Some(run) = run {
            portal.ui.palette.set(false);
            // After the dialog has given the focus back, or it would take it from the new place.
            request_animation_frame(move || run());
        }
    };
    let pressed = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = palette::step(*at, 1, count)),
            "ArrowUp" => at.update(|at| *at = palette::step(*at, -1, count)),
            "Enter" if !event.is_composing() => choose(at.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        scroll_to(at.get_untracked());
    };
    let option = move |(position, index): (usize, usize)| {
        let Some(entry) = entries.with_value(|e| e.get(index).cloned()) else {
            return ().into_any();
        };
        let selected = move || (at.get() == position).to_string();
        view! {
            <li
                id=option_id(position)
                role="option"
                aria-selected=selected
                on:click=move |_| choose(position)
                on:mousemove=move |_| at.set(position)
            >
                <span>{entry.label}</span>
                <small>{entry.kind}</small>
            </li>
        }
        .into_any()
    };
    view! {
        <input
            class="search"
            type="text"
            role="combobox"
            aria-label="Command"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant=move || (!found.read().is_empty()).then(|| option_id(at.get()))
            autocomplete="off"
            autofocus
            placeholder="Find a conversation or a command"
            on:input:target=move |event| {
                typed.set(event.target().value());
                at.set(0);
            }
            on:keydown=pressed
        />
        <ul id="palette-list" role="listbox" aria-label="Results">
            {move || found.get().into_iter().enumerate().map(option).collect_view()}
        </ul>
        <Shown when=move || found.read().is_empty()>
            <p class="quiet small" role="status">"Nothing fits."</p>
        </Shown>
    }
}

fn option_id(position: usize) -> String {
    format!("palette-{position}")
}

fn scroll_to(position: usize) {
    if let Some(option) = document().get_element_by_id(&option_id(position)) {
        option.scroll_into_view_with_bool(false);
    }
}

/// Commands first, conversations after them.
fn entries(portal: Portal) -> Vec<Entry> {
    let mut entries = commands(portal);
    let shelf = portal.shelf.get().unwrap_or_default();
    entries.extend(shelf.into_iter().map(|conversation| {
        let page = Page::Chat(Some(conversation.id));
        let label = visible(conversation.title.as_deref().unwrap_or("New conversation"));
        let run = Arc::new(move || portal.place.go(page.clone()));
        Entry { label, kind: "conversation", run }
    }));
    entries
}

fn commands(portal: Portal) -> Vec<Entry> {
    let command = |label: &str, run: Run| Entry { label: label.into(), kind: "command", run };
    let page = |label: &str, page: Page| {
        let run = Arc::new(move || portal.place.go(page.clone()));
        Entry { label: label.into(), kind: "page", run }
    };
    let mut entries = vec![
        command("New conversation", Arc::new(move || portal.begin_new())),
        page("Agents", Page::Agents),
        page("Memory", Page::Memory),
        page("Settings", Page::Settings),
    ];
    let id = portal.open_id.get();
    if !id.is_empty() && portal.place.now().is_chat() {
        let rename = Arc::new(move || portal.ui.renaming.set(true));
        let archive = Arc::new(move || portal.archive(id.clone()));
        entries.push(command("Rename this conversation", rename));
        entries.push(command("Archive this conversation", archive));
        let purge = Arc::new(move || portal.ui.purging.set(true));
        entries.push(command("Delete this conversation for good", purge));
    }
    if portal.busy.get() {
        entries.push(command("Stop the answer", Arc::new(move || portal.stop())));
    }
    for theme in Theme::ALL {
        let label = format!("{} theme", theme.label());
        entries.push(command(&label, Arc::new(move || portal.ui.choose(theme))));
    }
    let sheet = Arc::new(move || portal.ui.shortcuts.set(true));
    entries.push(command("Keyboard shortcuts", sheet));
    entries.push(command("Log out", Arc::new(move || portal.log_out())));
    entries
}
