//! What was typed and not sent: drafts, and messages that the server has not confirmed. Kept in the
//! browser by person, conversation and tab until the server has it.

use leptos::prelude::*;
use web_dto::Me;

use super::Portal;
use crate::{
    keep,
    model::{LEFT, draft_name, is_typed_by, joined, read_unsent, unsent_name, whose},
};

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

    pub(super) fn keep_draft(self, conversation: &str, text: &str) {
        let [ours, _] = self.draft_names(conversation);
        keep::set(&ours, text);
    }

    /// Keeps a message until the server has it.
    pub(super) fn keep_unsent(self, conversation: &str, key: &str, text: &str) {
        let whose = self.whose.get_value();
        keep::set(&unsent_name(&whose, conversation, key, &keep::tab()), text);
        self.on_the_way.update_value(|keys| keys.push(key.to_owned()));
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

    /// Shows what was not sent in this conversation, as far as this tab answers for it.
    pub(super) fn show_unsent(self, conversation: &str) {
        let (whose, tab) = (self.whose.get_value(), keep::tab());
        let mut found = false;
        for name in keep::keys() {
            let Some((key, its)) = read_unsent(&name, &whose, conversation) else { continue };
            if its != tab && its != LEFT {
                continue;
            }
            let Some(text) = keep::get(&name) else { continue };
            let on_the_way = self.on_the_way.with_value(|keys| keys.iter().any(|its| its == key));
            self.thread.update_value(|thread| {
                thread.typed(key, &text);
                if !on_the_way {
                    thread.failed(key);
                }
            });
            found = true;
        }
        if found {
            self.change(|_| ());
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
    }

    fn draft_names(self, conversation: &str) -> [String; 2] {
        let (whose, tab) = (self.whose.get_value(), keep::tab());
        [draft_name(&whose, conversation, &tab), draft_name(&whose, conversation, LEFT)]
    }
}
