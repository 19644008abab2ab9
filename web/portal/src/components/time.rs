//! Times with their whole form for whoever asks.

use leptos::prelude::*;

use crate::clock;

/// A time of day.
#[component]
pub fn Clock(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let (whole, short) = (clock::whole(&at), clock::of_day(&at));
    view! { <time datetime=at title=whole>{short}</time> }
}

/// How long ago it was.
#[component]
pub fn Ago(
    /// RFC 3339.
    at: String,
) -> impl IntoView {
    let (whole, short) = (clock::whole(&at), clock::ago(&at));
    view! { <time datetime=at title=whole>{short}</time> }
}
