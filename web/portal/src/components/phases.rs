//! The seven phases as a line: what is done, what is on, what is to come.

use leptos::prelude::*;

use crate::model::PHASES;

/// The line; `now` counts from 0.
#[component]
pub fn Phases(
    /// The phase that is on, if any has begun.
    #[prop(into)]
    now: Signal<Option<usize>>,
) -> impl IntoView {
    let label = move || {
        now.get().map_or_else(
            || "No phase has begun".to_owned(),
            |at| format!("Phase {} of 7: {}", at + 1, PHASES[at.min(6)]),
        )
    };
    let phase = move |(at, name): (usize, &'static str)| {
        let state = move || match now.get() {
            Some(now) if at < now => "done",
            Some(now) if at == now => "now",
            _ => "next",
        };
        let current = move || (now.get() == Some(at)).then_some("step");
        view! { <li data-state=state aria-current=current>{name}</li> }
    };
    view! {
        <ol class="phases" aria-label=label data-testid="phases">
            {PHASES.into_iter().enumerate().map(phase).collect_view()}
        </ol>
    }
}
