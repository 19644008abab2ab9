//! A native dialog driven by a signal: it holds the focus, closes on Esc, and gives the focus back.

use leptos::{html, prelude::*};

use super::{Icon, Shape, Shown};
use crate::effect::effect;

/// A modal dialog with a heading and a Close button.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Its heading and name.
    #[prop(into)]
    label: Signal<String>,
    /// A class of its own.
    #[prop(default = "")]
    class: &'static str,
    /// What is in it; made anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move |_: Option<()>| {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let children = StoredValue::new(children);
    // A press on the veil is a press on the dialog itself, outside what it holds.
    let pressed = move |event: leptos::ev::MouseEvent| {
        let on_veil = node.get_untracked().is_some_and(|dialog| {
            event
                .target()
                .is_some_and(|target| target == *AsRef::<web_sys::EventTarget>::as_ref(&dialog))
        });
        if on_veil {
            open.set(false);
        }
    };
    view! {
        <dialog
            class=format!("dialog {class}")
            aria-label=label
            node_ref=node
            on:close=move |_| open.set(false)
            on:click=pressed
        >
            <Shown when=open>
                <div class="dialog-box">
                    <header class="dialog-head">
                        <h2>{label}</h2>
                        <button class="icon-button" type="button" aria-label="Close" on:click=move |_| open.set(false)>
                            <Icon shape=Shape::Close/>
                        </button>
                    </header>
                    {children.with_value(|children| children())}
                </div>
            </Shown>
        </dialog>
    }
}
