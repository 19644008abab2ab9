//! Short notices at the edge of the page, with their Undo.

use leptos::prelude::*;

use crate::{model::visible, state::Portal};

/// The last notice, if it is fresh.
#[component]
pub fn Toasts() -> impl IntoView {
    let ui = Portal::here().ui;
    let toast = move || {
        ui.toast.get().map(|toast| {
            let undo = toast.undo.map(|undo| {
                view! {
                    <button class="button small" type="button" on:click=move |_| undo.run(())>
                        "Undo"
                    </button>
                }
            });
            view! {
                <div class="toast">
                    <span prop:textContent=visible(&toast.text)></span>
                    {undo}
                </div>
            }
        })
    };
    view! {
        <div class="toasts" role="region" aria-label="Notifications">
            <div role="status">{toast}</div>
        </div>
    }
}
