//! The strip under every page's heading: what ails the server. Takes no room while nothing does.

use leptos::prelude::*;

use super::{Filled, Made, deed_of};
use crate::{
    base::at,
    model::{Ailing, Page},
    state::Portal,
};

/// One line each, with what can be done about it.
#[component]
pub fn AilingStrip() -> impl IntoView {
    let portal = Portal::here();
    let pressed = move |event: leptos::ev::MouseEvent| {
        if deed_of(&event).as_deref() == Some("confirm-clock") {
            portal.confirm_clock();
        }
    };
    let lines =
        move || portal.ailing.read().iter().map(|ailing| line(portal, *ailing)).collect::<Vec<_>>();
    view! {
        <div role="status" aria-label="Server" on:click=pressed>
            <Filled class="ailing" parts=lines/>
        </div>
    }
}

fn line(portal: Portal, ailing: Ailing) -> Made {
    let line = Made::new("p", "note small").add(Made::words("span", "", ailing.words()));
    match ailing {
        Ailing::Damaged => {
            let look = Made::words("a", "link", "Look").set("href", &at(&Page::Memory.path()));
            line.add(look.set("aria-label", "Look at what cannot be read"))
        }
        Ailing::ClockAhead if portal.session.is_admin() => {
            line.add(Made::button("The clock is right", "confirm-clock"))
        }
        _ => line,
    }
}
