//! The portal's frame: its routes and what they share. Pages are in `pages`.

use leptos::prelude::*;
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

use crate::{
    pages::{Chat, Login, NotFound, SetUp},
    session::Session,
};

/// Puts the portal into the page, in place of the words that stand there until it has loaded.
pub fn start() {
    if let Some(words) = document().get_element_by_id("loading") {
        words.remove();
    }
    // The token must be out of the address bar before anything else looks at it.
    let token = crate::pages::take_token();
    mount_to_body(move || view! { <App token/> });
}

/// All pages.
#[component]
fn App(
    /// The token of a set-up link, if the portal was opened by one.
    token: Option<String>,
) -> impl IntoView {
    let session = Session::provide();
    leptos::task::spawn_local(session.refresh());
    let token = StoredValue::new(token);
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Chat/>
                <Route path=path!("/login") view=Login/>
                <Route path=path!("/setup") view=move || view! { <SetUp token=token.get_value()/> }/>
            </Routes>
        </Router>
    }
}
