//! What went wrong, where it happened, with the way out.

use leptos::prelude::*;

use crate::model::Failure;

/// Shows a failure and tells a screen reader at once; takes no room while there is none.
#[component]
pub fn Alert(
    /// What went wrong last.
    #[prop(into)]
    failure: Signal<Option<Failure>>,
) -> impl IntoView {
    let line = move || failure.read().as_ref().map(Failure::line);
    view! {
        <div role="alert">
            {move || line().map(|line| view! { <p class="alert" prop:textContent=line></p> })}
        </div>
    }
}
