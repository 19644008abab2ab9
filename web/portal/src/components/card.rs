//! The one sheet in the middle that log-in, set-up and errors are written on.

use leptos::prelude::*;

/// The mark and the name.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <div class="brand">
            <svg viewBox="0 0 26 26" aria-hidden="true">
                <rect x="1" y="1" width="24" height="24" rx="8"/>
                <path d="M7 17.5 13 7l6 10.5M9.6 13.6h6.8"/>
            </svg>
            "ai-infra"
        </div>
    }
}

/// A page with one sheet on it; names the page in the tab too.
#[component]
pub fn Card(
    /// The page's heading.
    title: &'static str,
    /// What stands below it.
    children: Children,
) -> impl IntoView {
    document().set_title(&format!("{title} - ai-infra"));
    view! {
        <main class="center">
            <section class="sheet" aria-labelledby="title">
                <Brand/>
                <h1 id="title">{title}</h1>
                {children()}
            </section>
        </main>
    }
}
