//! The memory page: what is remembered, found as one types, and looked after.
//!
//! The list in the middle; beside it the memory that is open, or else how full memory is. Where
//! there is no room beside the list that column is a sheet over it.

mod beside;
mod filters;
mod keys;
mod list;
mod one;
mod overview;

use leptos::{ev, html, prelude::*};

use crate::{
    components::{Alert, Icon, Shape, TopBar},
    model::Page,
    state::Recall,
};

/// The page.
#[component]
pub fn Memory() -> impl IntoView {
    let recall = Recall::begin_page();
    let ui = recall.portal.ui;
    let pressed = window_event_listener(ev::keydown, move |event| keys::pressed(recall, &event));
    let back = window_event_listener(ev::popstate, move |_| {
        if recall.portal.place.now() == Page::Memory {
            recall.follow_address();
        }
    });
    let form = NodeRef::<html::Form>::new();
    let scroller = NodeRef::<html::Div>::new();
    let aside = NodeRef::<html::Aside>::new();
    filters::draw(recall, form);
    let scrolls = RwSignal::new(0);
    let resized = list::draw(recall, scroller, scrolls);
    beside::draw(recall, aside);
    on_cleanup(move || {
        pressed.remove();
        back.remove();
        resized.remove();
    });
    let failure = recall.failure;
    view! {
        <main class="main" id="main">
            <TopBar title=Signal::stored("Memory".to_owned())>
                <button class="button small" type="button" on:click=move |_| recall.write_note()>"New note"</button>
                <button
                    class="icon-button not-widest"
                    type="button"
                    aria-label="How full memory is"
                    aria-expanded=move || ui.details.get().to_string()
                    on:click=move |_| ui.details.update(|open| *open = !*open)
                >
                    <Icon shape=Shape::Details/>
                </button>
            </TopBar>
            <div class="recall">
                <form
                    class="search-form"
                    role="search"
                    node_ref=form
                    on:submit=|event| event.prevent_default()
                    on:input=move |event| filters::changed(recall, &event)
                    on:click=move |event| filters::pressed(recall, &event)
                ></form>
                <Alert failure/>
                <p class="quiet small" role="status">{move || list::summary(recall)}</p>
                <div
                    class="memories"
                    node_ref=scroller
                    on:scroll=move |_| list::count(scrolls)
                    on:click=move |event| list::pressed(recall, &event)
                >
                    <ul aria-label="Memories"></ul>
                    <div></div>
                </div>
            </div>
        </main>
        <aside
            class="inspector"
            aria-label="Details"
            node_ref=aside
            data-open=move || ui.details.get().to_string()
            on:click=move |event| beside::pressed(recall, &event)
        ></aside>
        <div class="veil" on:click=move |_| recall.show(None)></div>
    }
}
