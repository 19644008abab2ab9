//! One labelled input with its hint and what is wrong with it.

use leptos::{html, prelude::*};

/// A labelled input; `name` is also its id.
#[component]
pub fn Field(
    /// What stands above it.
    label: &'static str,
    /// Its name in the request.
    name: &'static str,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What a password manager or the browser may fill in.
    autocomplete: &'static str,
    /// Fewest characters; 1 when left out.
    #[prop(default = 1)]
    min_chars: usize,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: String,
    /// Where the input can be read.
    node: NodeRef<html::Input>,
    /// What is wrong with it.
    #[prop(optional, into)]
    wrong: Signal<Option<String>>,
) -> impl IntoView {
    let about = format!("{name}-about");
    let text = move || wrong.get().or_else(|| (!hint.is_empty()).then(|| hint.clone()));
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                autocomplete=autocomplete
                minlength=min_chars
                required
                aria-describedby=about.clone()
                aria-invalid=move || wrong.read().is_some().to_string()
                node_ref=node
            />
            <p id=about class="hint" aria-live="polite" class:bad=move || wrong.read().is_some()>{text}</p>
        </div>
    }
}

/// Returns what stands in an input now, whoever put it there.
pub fn typed_in(node: NodeRef<html::Input>) -> String {
    node.get_untracked().map(|input| input.value()).unwrap_or_default()
}
