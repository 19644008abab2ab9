//! What was typed and not sent: drafts, and messages that the server has not confirmed. Kept in the
//! browser by person, conversation and tab until the server has it.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use web_dto::Me;

use super::Portal;
use crate::{
    clock, keep,
    model::{
        LEFT, Unsent, draft_name, is_typed_by, joined, older_draft, read_unsent, unsent_name, whose,
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
        self.take_over_older();
        let here = self.open_id.get_untracked();
        self.draft.set(self.kept_draft(&here));
        self.show_unsent(&here);
    }

    /// Keeps drafts of an earlier version as this one does, as what a tab that is gone has left.
    fn take_over_older(self) {
        for name in keep::keys() {
            let Some(conversation) = older_draft(&name) else { continue };
            let [_, left] = self.draft_names(conversation);
            let text = keep::get(&name).unwrap_or_default();
            keep::set(&left, &joined(&text, &keep::get(&left).unwrap_or_default()));
            keep::set(&name, "");
        }
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

    /// Keeps a message that is sent now until the server has it, and notes that it is under way.
    pub(super) fn keep_unsent(self, conversation: &str, key: &str, text: &str) {
        let now = clock::now() as u64;
        let since_ms = self.kept_unsent(conversation, key).map_or(0, |kept| kept.since_ms);
        let since_ms = if since_ms > 0 { since_ms } else { self.moment(now) };
        self.write_unsent(
            conversation,
            key,
            &Unsent { sent_ms: now, since_ms, tried_ms: now, text: text.to_owned() },
        );
    }

    /// A moment that no other message of this page has: they are sent in their order after a reload too.
    fn moment(self, now: u64) -> u64 {
        let last = self.last_moment.get_value();
        let moment = now.max(last + 1);
        self.last_moment.set_value(moment);
        moment
    }

    /// What is kept of a message.
    pub(super) fn kept_unsent(self, conversation: &str, key: &str) -> Option<Unsent> {
        let whose = self.whose.get_value();
        let is_it = |name: &String| {
            read_unsent(name, &whose, conversation).is_some_and(|(its, _)| its == key)
        };
        let kept = keep::get(&keep::keys().into_iter().find(is_it)?)?;
        Unsent::parse(&kept)
    }

    pub(super) fn write_unsent(self, conversation: &str, key: &str, unsent: &Unsent) {
        let name = unsent_name(&self.whose.get_value(), conversation, key, &keep::tab());
        keep::set(&name, &unsent.write());
    }

    /// Notes for the next visit that a message could not be sent; not at once, because to a page that is
    /// being left every request fails, whether the server has it or not.
    pub(super) async fn keep_failed(self, conversation: &str, key: &str) {
        TimeoutFuture::new(LEAVING_MS).await;
        let again = self.is_on_the_way(key);
        if let Some(kept) = self.kept_unsent(conversation, key).filter(|_| !again) {
            self.write_unsent(conversation, key, &Unsent { sent_ms: 0, ..kept });
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
    }

    /// Puts what is kept for a new conversation under the id it has got.
    pub(super) fn move_typed(self, key: &str, id: &str) {
        if let Some(kept) = self.kept_unsent("", key) {
            self.write_unsent(id, key, &kept);
            self.forget_unsent("", key);
        }
    }

    /// Shows what was not sent in this conversation, as far as this tab answers for it; what was cut
    /// off on its way a moment ago goes on, in the order that it was typed in.
    pub(super) fn show_unsent(self, conversation: &str) {
        let since = (clock::now() as u64).saturating_sub(SEND_AGAIN_MS);
        for (key, unsent) in self.all_unsent(conversation) {
            let text = unsent.text.as_str();
            if self.is_on_the_way(&key) {
                if self.goes_here(&key) {
                    self.change(|thread| thread.typed(&key, text));
                }
            } else if unsent.sent_ms > since {
                self.keep_unsent(conversation, &key, text);
                self.deliver(key, unsent.text);
            } else {
                self.change(|thread| {
                    thread.typed(&key, text);
                    thread.failed(&key);
                });
            }
        }
    }

    /// What is kept for a conversation by this tab, or by those that are gone, as it was typed.
    fn all_unsent(self, conversation: &str) -> Vec<(String, Unsent)> {
        let (whose, tab) = (self.whose.get_value(), keep::tab());
        let mut all: Vec<(String, Unsent)> = Vec::new();
        for name in keep::keys() {
            let Some((key, its)) = read_unsent(&name, &whose, conversation) else { continue };
            let kept = keep::get(&name).filter(|_| its == tab || its == LEFT);
            let unsent = kept.as_deref().and_then(Unsent::parse);
            all.extend(unsent.map(|unsent| (key.to_owned(), unsent)));
        }
        all.sort_by(|one, other| (one.1.since_ms, &one.0).cmp(&(other.1.since_ms, &other.0)));
        all.dedup_by(|one, other| one.0 == other.0); // what a tab has left, taken over
        all
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
