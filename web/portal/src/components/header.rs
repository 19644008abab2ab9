//! The line above a conversation: its title and what can be done with it.

use leptos::prelude::*;

use super::{Icon, Shape, Shown, TopBar};
use crate::{model::visible, state::Portal};

/// Title, model, rename, archive, details.
#[component]
pub fn Header() -> impl IntoView {
    let portal = Portal::here();
    let ui = portal.ui;
    let title = Memo::new(move |_| {
        let opened = portal.opened().and_then(|c| c.title);
        opened.map_or_else(|| "New conversation".to_owned(), |title| visible(&title))
    });
    let model = move || portal.info.get().map(|info| format!("{} \u{b7} memory on", info.model));
    let is_open = Memo::new(move |_| !portal.open_id.read().is_empty());
    let is_archived = Memo::new(move |_| portal.opened().is_some_and(|c| c.status == "archived"));
    let put_away = move |_| {
        let id = portal.open_id.get_untracked();
        if is_archived.get_untracked() { portal.bring_back(id) } else { portal.archive(id) }
    };
    view! {
        <TopBar title>
            {move || model().map(|model| view! { <span class="chip only-wide">{model}</span> })}
            <Shown when=is_open>
                <div class="tools">
                    <button class="icon-button" type="button" aria-label="Rename" title="Rename" on:click=move |_| ui.renaming.set(true)>
                        <Icon shape=Shape::Rename/>
                    </button>
                    <button
                        class="icon-button"
                        type="button"
                        aria-label=move || if is_archived.get() { "Bring back" } else { "Archive" }
                        title=move || if is_archived.get() { "Bring back" } else { "Archive" }
                        on:click=put_away
                    >
                        <Icon shape=Shape::Archive/>
                    </button>
                    <button
                        class="icon-button not-widest"
                        type="button"
                        aria-label="Details"
                        title="Details"
                        aria-expanded=move || ui.details.get().to_string()
                        on:click=move |_| ui.details.update(|open| *open = !*open)
                    >
                        <Icon shape=Shape::Details/>
                    </button>
                </div>
            </Shown>
        </TopBar>
    }
}
