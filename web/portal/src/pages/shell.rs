//! What stands around every page for somebody who is logged in: the sidebar, the tabs, and what can
//! lie over the page.

use leptos::{ev, prelude::*};

use super::{Agents, Chat, Memory, Settings};
use crate::{
    components::{
        Announcer, CitationSheet, Palette, PurgeSheet, RenameSheet, ShortcutSheet, Sidebar, Tabs,
        Toasts,
    },
    effect::effect,
    keys,
    model::Page,
    state::Portal,
};

/// The kinds of pages inside; another conversation is the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chat,
    Agents,
    Memory,
    Settings,
}

impl Kind {
    /// Its name in the style sheet, which gives the conversation a third column.
    const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Agents => "agents",
            Self::Memory => "memory",
            Self::Settings => "settings",
        }
    }
}

/// The frame with the page in it.
#[component]
pub fn Shell() -> impl IntoView {
    let portal = Portal::here();
    let kind = Memo::new(move |_| match portal.place.page() {
        Page::Agents => Kind::Agents,
        Page::Memory => Kind::Memory,
        Page::Settings => Kind::Settings,
        _ => Kind::Chat,
    });
    effect(move |_: Option<()>| {
        portal.place.page();
        portal.ui.close_sheets();
    });
    let pressed = window_event_listener(ev::keydown, move |event| keys::pressed(portal, &event));
    on_cleanup(move || pressed.remove());

    view! {
        <a class="skip" href="#title">"Skip to the page"</a>
        <div class="app" data-kind=move || kind.get().name() data-sidebar=move || portal.ui.sidebar.get().to_string()>
            <Sidebar/>
            {move || match kind.get() {
                Kind::Chat => view! { <Chat/> }.into_any(),
                Kind::Agents => view! { <Agents/> }.into_any(),
                Kind::Memory => view! { <Memory/> }.into_any(),
                Kind::Settings => view! { <Settings/> }.into_any(),
            }}
            <Tabs/>
        </div>
        <Announcer/>
        <Toasts/>
        <Palette/>
        <ShortcutSheet/>
        <RenameSheet/>
        <PurgeSheet/>
        <CitationSheet/>
    }
}
