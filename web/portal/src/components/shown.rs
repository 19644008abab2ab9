//! What stands on the page only while something holds.

use leptos::prelude::*;

/// Shows its children while `when` holds, made anew each time. Leptos' `Show` does the same, but is
/// compiled once more for every place that uses it.
#[component]
pub fn Shown(
    /// The condition.
    #[prop(into)]
    when: ArcSignal<bool>,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let holds = ArcMemo::new(move |_| when.get());
    move || holds.get().then(|| children())
}
