//! The page for a server that cannot be asked who is there.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::Card,
    session::{Session, Who},
};

/// Says what went wrong and tries again when told to.
#[component]
pub fn Away() -> impl IntoView {
    let session = Session::here();
    let line = move || match session.who() {
        Who::Away(failure) => failure.line(),
        _ => String::new(),
    };
    let again = move |_| spawn_local(async move { _ = session.refresh().await });
    view! {
        <Card title="No connection">
            <p role="alert">{line}</p>
            <button class="button main" type="button" on:click=again>
                "Try again"
            </button>
        </Card>
    }
}
