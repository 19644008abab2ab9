//! The one place a screen reader hears from. Polite: it waits for the end of what is being read.

use leptos::prelude::*;

use crate::{model::visible, state::Portal};

/// Unseen; the transcript itself is no live region, or every word would be read as it comes.
#[component]
pub fn Announcer() -> impl IntoView {
    let ui = Portal::here().ui;
    view! {
        <p class="unseen" role="status" aria-live="polite" data-testid="announcer">
            {move || visible(&ui.spoken.read())}
        </p>
    }
}
