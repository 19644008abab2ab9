//! Sending: shown at once, confirmed when the server has it, and never lost when it has not.

use leptos::{prelude::*, task::spawn_local};

use super::Portal;
use crate::{
    api::{self, Answer},
    keep,
    model::{Failure, Page},
};

impl Portal {
    /// Sends what the person typed.
    pub fn send(self, text: String) {
        keep::set(&keep::draft(&self.open_id.get_untracked()), "");
        self.deliver(new_key(), text);
    }

    /// Sends once more what could not be sent; the key is the same, so it cannot arrive twice.
    pub fn resend(self, key: &str) {
        let text = self.thread(|t| t.bubbles.iter().find(|b| b.id == key).map(|b| b.text.clone()));
        if let Some(text) = text {
            self.deliver(key.to_owned(), text);
        }
    }

    /// Asks again what the answer `id` failed to answer.
    pub fn ask_again(self, id: &str) {
        if let Some(text) = self.question_of(id) {
            self.deliver(new_key(), text);
        }
    }

    /// What the person said before the answer `id`.
    pub fn question_of(self, id: &str) -> Option<String> {
        self.thread(|t| {
            let at = t.bubbles.iter().position(|b| b.id == id)?;
            t.bubbles[..at].iter().rev().find(|b| b.role == "user").map(|b| b.text.clone())
        })
    }

    /// Notes what stands in the message field, so that a reload finds it.
    pub fn note_draft(self, text: String) {
        keep::set(&keep::draft(&self.open_id.get_untracked()), &text);
        self.draft.set(text);
    }

    fn deliver(self, key: String, text: String) {
        self.failure.set(None);
        self.change(|t| t.typed(&key, &text));
        spawn_local(async move {
            match self.post(&key, &text).await {
                Ok(()) => self.refresh_shelf(),
                Err(failure) => self.keep_unsent(&key, &text, failure),
            }
        });
    }

    async fn post(self, key: &str, text: &str) -> Answer<()> {
        let mut id = self.thread(|t| t.conversation_id.clone());
        if id.is_empty() {
            id = api::new_conversation().await?.id;
            self.adopt(key, &id);
        }
        let accepted = api::send(&id, key, text).await?;
        if self.thread(|t| t.conversation_id == id) {
            self.change(|t| t.accepted(key, &accepted.message_id, &accepted.answer_id));
        }
        Ok(())
    }

    /// Gives the new conversation on the page its id, unless the person has gone elsewhere.
    fn adopt(self, key: &str, id: &str) {
        let is_here =
            self.thread(|t| t.conversation_id.is_empty() && t.bubbles.iter().any(|b| b.id == key));
        if !is_here {
            return;
        }
        self.change(|thread| {
            id.clone_into(&mut thread.conversation_id);
            thread.refetch();
        });
        self.open_id.set(id.to_owned());
        self.subscribe_talk("subscribe", id);
        self.fetch(id.to_owned());
        self.place.replace(Page::Chat(Some(id.to_owned())));
    }

    /// Keeps the text of a message that was not sent: on the page, or as the draft of its
    /// conversation when the person is elsewhere.
    fn keep_unsent(self, key: &str, text: &str, failure: Failure) {
        self.session.notice(&failure);
        if self.thread(|t| t.bubbles.iter().any(|b| b.id == key)) {
            self.change(|t| t.failed(key));
            self.failure.set(Some(failure));
        } else {
            keep::set(&keep::draft(""), text);
            self.ui.say("A message was not sent. Its text waits in a new conversation.");
        }
    }
}

/// A key that no other message of this person has.
fn new_key() -> String {
    // Only secure contexts have it; without, a key unlike any before it will do.
    let crypto = window().crypto().ok().filter(|_| window().is_secure_context());
    crypto.map_or_else(
        || format!("k-{}-{}", js_sys::Date::now(), js_sys::Math::random()),
        |crypto| crypto.random_uuid(),
    )
}
