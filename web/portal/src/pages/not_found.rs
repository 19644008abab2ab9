//! The page for an address that none has.

use leptos::prelude::*;

use crate::{base::at, components::Card};

/// Says that there is nothing here and where to go.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Card title="Nothing here">
            <p class="quiet">"No page has this address."</p>
            <p><a class="link" href=at("/")>"Go to your conversations"</a></p>
        </Card>
    }
}
