//! What was typed and not sent: drafts, and messages that the server has not confirmed. Kept in the
//! browser by person, conversation and tab until the server has it.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_dto::Me;

use super::Portal;
use crate::{
    clock, keep,
    model::{
        LEFT, draft_name, is_typed_by, joined, parse_unsent, read_unsent, unsent_name, whose,
        write_unsent,
    },
};

/// Longest time after which a message that was cut off on its way is sent once more by itself: its key
/// is still known to the server, and the person still means it.
const SEND_AGAIN_MS: u64 = 10 * 60 * 1_000;

/// Longer than a page lives on when it is left.
const LEAVING_MS: u32 = 1_000;

impl Portal {
    /// Begins with what this person left unsent where the page is.
    pub(super) fn find_typed(self, me: &Me) {
        self.whose.set_value(whose(&me.instance, &me.id));
        let here = self.open_id.get_untracked();
        self.draft.set(self.kept_draft(&here));
        self.show_unsent(&here);
    }

    /// Notes what stands in the message field.
    pub fn note_draft(self, text: String) {
        self.keep_draft(&self.open_id.get_untracked(), &text);
        self.draft.set(text);
    }

    /// The draft of a conversation: this tab's, or what a tab that is gone has left.
    pub(super) fn kept_draft(self, conversation: &str) -> String {
        let [ours, left] = self.draft_names(conversation);
        if let Some(text) = keep::get(&ours) {
            return text;
        }
        let text = keep::get(&left).unwrap_or_default();
        keep::set(&ours, &text);
        if ours != left {
            keep::set(&left, "");
        }
        text
    }

    /// Keeps a draft of a conversation in the browser.
    pub fn keep_draft(self, conversation: &str, text: &str) {
        let [ours, _] = self.draft_names(conversation);
        keep::set(&ours, text);
    }

    /// Keeps a message that is sent now until the server has it.
    pub(super) fn keep_unsent(self, conversation: &str, key: &str, text: &str) {
        let name = unsent_name(&self.whose.get_value(), conversation, key, &keep::tab());
        keep::set(&name, &write_unsent(clock::now() as u64, text));
        self.on_the_way.update_value(|keys| keys.push(key.to_owned()));
    }

    /// Notes for the next visit that a message could not be sent; not at once, because to a page that is
    /// being left every request fails, whether the server has it or not.
    pub(super) async fn keep_failed(self, conversation: &str, key: &str, text: &str) {
        TimeoutFuture::new(LEAVING_MS).await;
        let name = unsent_name(&self.whose.get_value(), conversation, key, &keep::tab());
        let again = self.on_the_way.with_value(|keys| keys.iter().any(|its| its == key));
        if !again && keep::get(&name).is_some() {
            keep::set(&name, &write_unsent(0, text));
        }
    }

    /// Forgets a message: the server has it, or it is being edited.
    pub(super) fn forget_unsent(self, conversation: &str, key: &str) {
        let whose = self.whose.get_value();
        for name in keep::keys() {
            if read_unsent(&name, &whose, conversation).is_some_and(|(its, _)| its == key) {
                keep::set(&name, "");
            }
        }
        self.is_back(key);
    }

    /// Notes that a message is not on its way any more.
    pub(super) fn is_back(self, key: &str) {
        self.on_the_way.update_value(|keys| keys.retain(|its| its != key));
    }

    /// Puts what is kept for a new conversation under the id it has got.
    pub(super) fn move_typed(self, key: &str, text: &str, id: &str) {
        self.forget_unsent("", key);
        self.keep_unsent(id, key, text);
    }

    /// Shows what was not sent in this conversation, as far as this tab answers for it; what was cut
    /// off on its way a moment ago goes on.
    pub(super) fn show_unsent(self, conversation: &str) {
        let (whose, tab) = (self.whose.get_value(), keep::tab());
        let since = (clock::now() as u64).saturating_sub(SEND_AGAIN_MS);
        for name in keep::keys() {
            let Some((key, its)) = read_unsent(&name, &whose, conversation) else { continue };
            let kept = keep::get(&name).filter(|_| its == tab || its == LEFT);
            let Some((sent_ms, text)) = kept.as_deref().and_then(parse_unsent) else { continue };
            if self.on_the_way.with_value(|keys| keys.iter().any(|its| its == key)) {
                self.change(|thread| thread.typed(key, text));
            } else if sent_ms > since {
                self.keep_unsent(conversation, key, text);
                self.deliver(key.to_owned(), text.to_owned());
            } else {
                self.change(|thread| {
                    thread.typed(key, text);
                    thread.failed(key);
                });
            }
        }
    }

    /// Gives a text back to the message field of its conversation.
    pub(super) fn give_back(self, conversation: &str, text: &str) {
        let text = joined(text, &self.kept_draft(conversation));
        self.keep_draft(conversation, &text);
        if *self.open_id.read_untracked() == conversation {
            self.draft.set(text);
        }
    }

    /// Forgets all that this person has typed: the next one at this browser finds none of it.
    pub(super) fn forget_typed(self) {
        let whose = self.whose.get_value();
        for name in keep::keys().iter().filter(|name| is_typed_by(name, &whose)) {
            keep::set(name, "");
        }
        self.whose.set_value(String::new()); // what still comes back is kept for nobody
    }

    fn draft_names(self, conversation: &str) -> [String; 2] {
        let (whose, tab) = (self.whose.get_value(), keep::tab());
        [draft_name(&whose, conversation, &tab), draft_name(&whose, conversation, LEFT)]
    }
}
