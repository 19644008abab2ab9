//! Where the person types. Enter sends, Shift+Enter makes a line, and a half-composed character of
//! an input method is never sent.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use web_dto::MAX_MESSAGE_CHARS;

use super::Alert;
use crate::chat::Chat;

/// Characters left below which the composer begins to count.
const COUNT_FROM: usize = 1_000;

/// The message field with its button.
#[component]
pub fn Composer() -> impl IntoView {
    let chat = Chat::here();
    let field = NodeRef::<html::Textarea>::new();
    let text = RwSignal::new(String::new());
    let left = Memo::new(move |_| MAX_MESSAGE_CHARS as i64 - text.read().chars().count() as i64);
    let ready = Memo::new(move |_| !text.read().trim().is_empty() && left.get() >= 0);
    let send = move || {
        if ready.get_untracked() {
            chat.send(text.get_untracked());
            text.set(String::new());
        }
        if let Some(field) = field.get_untracked() {
            _ = field.focus();
        }
    };
    let pressed = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    let count = move || match left.get() {
        left if left < 0 => format!("{} characters too long", -left),
        left if left < COUNT_FROM as i64 => format!("{left} characters left"),
        _ => String::new(),
    };

    view! {
        <footer class="foot">
            <Alert failure=chat.failure/>
            <form
                class="composer"
                on:submit=move |event| {
                    event.prevent_default();
                    send();
                }
            >
                <label class="unseen" for="composer">"Message"</label>
                <textarea
                    id="composer"
                    rows="1"
                    placeholder="Message the supervisor, or /ask code, /remember, /recall"
                    aria-describedby="count"
                    node_ref=field
                    prop:value=text
                    on:input:target=move |event| text.set(event.target().value())
                    on:keydown=pressed
                ></textarea>
                <div class="row">
                    <span id="count" class="hint" class:bad=move || left.get() < 0>{count}</span>
                    <button class="send" type="submit" aria-label="Send" disabled=move || !ready.get()>
                        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 16V4m-5 5 5-5 5 5"/></svg>
                    </button>
                </div>
            </form>
        </footer>
    }
}
