//! Where the person types. Enter sends, Shift+Enter makes a line, and a half-composed character of
//! an input method is never sent.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use web_dto::MAX_MESSAGE_CHARS;

use super::{Alert, Icon, Shape, Shown};
use crate::state::Portal;

/// Characters left below which the composer begins to count.
const COUNT_FROM: i64 = 1_000;

/// The key code of a key that an input method is still working on.
const COMPOSING: u32 = 229;

/// The message field with its buttons.
#[component]
pub fn Composer() -> impl IntoView {
    let portal = Portal::here();
    let field = NodeRef::<html::Textarea>::new();
    let text = portal.draft;
    let left = Memo::new(move |_| MAX_MESSAGE_CHARS as i64 - text.read().chars().count() as i64);
    let ready = Memo::new(move |_| !text.read().trim().is_empty() && left.get() >= 0);
    let send = move || {
        if ready.get_untracked() {
            let here = portal.open_id.get_untracked();
            portal.send(text.get_untracked());
            portal.keep_draft(&here, "");
            text.set(String::new());
        }
        if let Some(field) = field.get_untracked() {
            _ = field.focus();
        }
    };
    let pressed = move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == COMPOSING;
        if event.key() == "Enter" && !event.shift_key() && !composing {
            event.prevent_default();
            send();
        }
    };
    let count = move || match left.get() {
        left if left < 0 => format!("{} characters too long", -left),
        left if left < COUNT_FROM => format!("{left} characters left"),
        _ => String::new(),
    };

    view! {
        <footer class="foot">
            <Alert failure=portal.failure/>
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
                    dir="auto"
                    placeholder="Message the supervisor, or /ask code, /remember, /recall"
                    aria-describedby="count"
                    node_ref=field
                    prop:value=text
                    on:input:target=move |event| portal.note_draft(event.target().value())
                    on:keydown=pressed
                ></textarea>
                <div class="row">
                    <span id="count" class="hint" class:bad=move || left.get() < 0 prop:textContent=count></span>
                    <span class="space"></span>
                    <Shown when=portal.busy>
                        <button class="stop" type="button" aria-label="Stop" title="Stop (Esc)" on:click=move |_| portal.stop()>
                            <Icon shape=Shape::Stop/>
                        </button>
                    </Shown>
                    <button class="send" type="submit" aria-label="Send" title="Send (Enter)" disabled=move || !ready.get()>
                        <Icon shape=Shape::Send/>
                    </button>
                </div>
            </form>
        </footer>
    }
}
