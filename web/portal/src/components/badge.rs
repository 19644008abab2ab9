//! An agent's badge: a letter on its hue.

use leptos::prelude::*;

use crate::model::Face;

/// The letter is decoration: the agent's name stands beside it.
#[component]
pub fn Badge(
    /// Whose.
    face: Face,
) -> impl IntoView {
    view! { <span class="badge" data-agent=face.hue aria-hidden="true">{face.letter}</span> }
}
