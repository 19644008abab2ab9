//! Sending: shown at once, confirmed when the server has it, and never lost when it has not.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::Portal;
use crate::{
    api::{self, Answer},
    model::{Failure, Page},
};

/// How often a message looks whether the conversation it waits for is made.
const LOOK_EVERY_MS: u32 = 20;

impl Portal {
    /// Sends a message, which is kept until the server has it.
    pub fn send(self, text: String) {
        let key = new_key();
        self.keep_unsent(&self.open_id.get_untracked(), &key, &text);
        self.deliver(key, text);
    }

    /// Sends once more what could not be sent; the key is the same, so it cannot arrive twice.
    pub fn resend(self, key: &str) {
        if let Some(text) = self.unsent_text(key) {
            self.keep_unsent(&self.open_id.get_untracked(), key, &text);
            self.deliver(key.to_owned(), text);
        }
    }

    /// Takes what could not be sent back into the message field.
    pub fn edit_unsent(self, key: &str) {
        let here = self.open_id.get_untracked();
        if let Some(text) = self.unsent_text(key) {
            self.give_back(&here, &text);
            self.forget_unsent(&here, key);
            self.failure.set(None);
            self.change(|t| t.bubbles.retain(|b| b.id != key));
        }
    }

    fn unsent_text(self, key: &str) -> Option<String> {
        self.thread(|t| t.bubbles.iter().find(|b| b.id == key).map(|b| b.text.clone()))
    }

    /// Asks again what the answer `id` failed to answer.
    pub fn ask_again(self, id: &str) {
        if let Some(text) = self.question_of(id) {
            self.send(text);
        }
    }

    /// What the person said before the answer `id`.
    pub fn question_of(self, id: &str) -> Option<String> {
        self.thread(|t| {
            let at = t.bubbles.iter().position(|b| b.id == id)?;
            t.bubbles[..at].iter().rev().find(|b| b.role == "user").map(|b| b.text.clone())
        })
    }

    pub(super) fn deliver(self, key: String, text: String) {
        self.failure.set(None);
        self.change(|t| t.typed(&key, &text));
        let whose = self.whose.get_value();
        spawn_local(async move {
            let mut id = self.conversation_of(&key).await;
            if self.whose.get_value() != whose {
                return; // somebody else is here by now, and sends nothing of this
            }
            if !id.is_empty() {
                self.move_typed(&key, &text, &id);
            }
            let sent = self.post(&mut id, &key, &text).await;
            if self.whose.get_value() != whose {
                return;
            }
            self.is_back(&key);
            match sent {
                Ok(()) => {
                    self.forget_unsent(&id, &key);
                    self.refresh_shelf();
                }
                Err(failure) => {
                    self.not_sent(&id, &key, &text, failure);
                    self.keep_failed(&id, &key, &text).await;
                }
            }
        });
    }

    /// The conversation that a message on the page belongs to; empty when there is none yet. While one
    /// is being made for the message before it, this waits.
    async fn conversation_of(self, key: &str) -> String {
        let is_here = || self.thread(|t| t.bubbles.iter().any(|b| b.id == key));
        let here = || self.thread(|t| t.conversation_id.clone());
        while here().is_empty() && self.making.get_value() && is_here() {
            TimeoutFuture::new(LOOK_EVERY_MS).await;
        }
        if is_here() { here() } else { String::new() }
    }

    /// Sends to the conversation `id`, which is made first where it is empty.
    async fn post(self, id: &mut String, key: &str, text: &str) -> Answer<()> {
        if id.is_empty() {
            self.making.set_value(true);
            let made = api::new_conversation().await;
            self.making.set_value(false);
            *id = made?.id;
            self.move_typed(key, text, id);
            self.adopt(key, id);
        }
        let accepted = api::send(id, key, text).await?;
        if self.thread(|t| t.conversation_id == *id) {
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
        // What was typed meanwhile moves along.
        self.keep_draft("", "");
        self.keep_draft(id, &self.draft.get_untracked());
        self.open_id.set(id.to_owned());
        self.subscribe_talk("subscribe", id);
        self.fetch(id.to_owned());
        self.place.replace(Page::Chat(Some(id.to_owned())));
    }

    /// A message that was not sent stays on the page or waits in its conversation; one that came when
    /// the session was over goes back to where it was typed.
    fn not_sent(self, id: &str, key: &str, text: &str, failure: Failure) {
        if failure.is_logged_out() {
            self.forget_unsent(id, key);
            self.give_back(id, text);
            return self.session.notice(&failure);
        }
        if self.thread(|t| t.bubbles.iter().any(|b| b.id == key)) {
            self.change(|t| t.failed(key));
            self.failure.set(Some(failure));
        } else {
            self.ui.say("A message was not sent. It waits in its conversation.");
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
