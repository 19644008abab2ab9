//! The pages as links: in the sidebar, and as a bar at the bottom where there is no sidebar.

use leptos::prelude::*;

use super::{Icon, Shape};
use crate::{base::at, model::Page, state::Portal};

/// The pages in order: path, name, icon.
const PAGES: [(&str, &str, Shape); 4] = [
    ("/", "Chat", Shape::Chat),
    ("/agents", "Agents", Shape::Agents),
    ("/memory", "Memory", Shape::Memory),
    ("/settings", "Settings", Shape::Settings),
];

/// The bar at the bottom of a narrow screen.
#[component]
pub fn Tabs() -> impl IntoView {
    view! { <nav class="tabs" aria-label="Tabs"><PageLinks/></nav> }
}

/// The links, the current one marked. Chat leads back to the conversation that was open.
#[component]
pub fn PageLinks() -> impl IntoView {
    let portal = Portal::here();
    let link = move |(path, name, shape): (&'static str, &'static str, Shape)| {
        let to = move || match (path, portal.open_id.get()) {
            ("/", id) if !id.is_empty() => at(&Page::Chat(Some(id)).path()),
            _ => at(path),
        };
        let current = move || {
            let page = portal.place.page();
            let is_current = if path == "/" { page.is_chat() } else { page.path() == path };
            is_current.then_some("page")
        };
        view! {
            <a href=to aria-current=current>
                <Icon shape/>
                <span>{name}</span>
            </a>
        }
    };
    PAGES.map(link).collect_view()
}
