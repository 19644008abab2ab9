//! Sending: shown at once, confirmed when the server has it, and never lost when it has not.

use leptos::{prelude::*, task::spawn_local};

use super::{Portal, way::Home};
use crate::{
    api::{self, Answer},
    clock,
    model::{Failure, Page, Unsent},
};

/// Most pages of a conversation that are looked through for a message that may have arrived.
const PAGES: usize = 50;

impl Portal {
    /// Sends a message, which is kept until the server has it.
    pub fn send(self, text: String) {
        let key = new_key();
        self.keep_unsent(&self.open_id.get_untracked(), &key, &text);
        self.deliver(key, text);
    }

    /// Sends once more what could not be sent; the key is the same, so it cannot arrive twice. Once the
    /// server may not know the key any more, it is asked first whether it has the message.
    pub fn resend(self, key: &str) {
        let Some(text) = self.unsent_text(key) else { return };
        let here = self.open_id.get_untracked();
        let kept = self.kept_unsent(&here, key);
        match kept.filter(|kept| kept.has_outlived_its_key(clock::now() as u64)) {
            Some(old) if !here.is_empty() => self.look_and_resend(here, key.to_owned(), old),
            old => {
                if old.is_some() {
                    self.forget_unsent(&here, key); // none was made for it: it begins anew
                }
                self.keep_unsent(&here, key, &text);
                self.deliver(key.to_owned(), text);
            }
        }
    }

    /// Sends a message whose key has ended, unless it is there.
    fn look_and_resend(self, talk: String, key: String, old: Unsent) {
        self.failure.set(None);
        self.change(|t| t.typed(&key, &old.text));
        spawn_local(async move {
            let found = has_arrived(&talk, &old).await;
            if self.open_id.get_untracked() != talk {
                return; // it is kept, and shown again when the person is back
            }
            match found {
                Ok(true) => {
                    self.forget_unsent(&talk, &key);
                    self.change(|t| t.bubbles.retain(|b| b.id != key));
                    self.ui.say("This message had arrived; it was not sent again.");
                    self.change(|t| _ = t.refetch());
                    self.fetch(talk);
                }
                Ok(false) => {
                    self.forget_unsent(&talk, &key); // its time begins anew
                    self.keep_unsent(&talk, &key, &old.text);
                    self.deliver(key, old.text);
                }
                Err(failure) => {
                    self.change(|t| t.failed(&key));
                    self.session.notice(&failure);
                    self.failure.set(Some(failure));
                }
            }
        });
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

    /// What the person said that the answer `id` is to.
    pub fn question_of(self, id: &str) -> Option<String> {
        self.thread(|t| {
            let asked = t.bubbles.iter().find(|b| b.id == id)?.answers.as_ref()?;
            t.bubbles.iter().find(|b| b.id == *asked).map(|b| b.text.clone())
        })
    }

    pub(super) fn deliver(self, key: String, text: String) {
        self.failure.set(None);
        self.change(|t| t.typed(&key, &text));
        let (whose, home) = (self.whose.get_value(), self.home());
        self.set_out(&key, &home);
        spawn_local(async move {
            self.turn_of(&key, &home).await;
            let mut id = self.talk_of(&home).unwrap_or_default();
            if !self.is_on_the_way(&key) {
                return; // it went back to where it was typed
            }
            if self.whose.get_value() != whose {
                return self.is_back(&key); // somebody else is here by now, and sends nothing of this
            }
            if !id.is_empty() {
                self.move_typed(&key, &id);
            }
            self.keep_unsent(&id, &key, &text); // it is tried now, however long others took
            let sent = self.post(&home, &mut id, &key, &text).await;
            self.is_back(&key);
            if self.whose.get_value() != whose {
                return;
            }
            match sent {
                Ok(()) => {
                    self.forget_unsent(&id, &key);
                    self.refresh_shelf();
                }
                Err(failure) => {
                    self.not_sent(&home, &id, (&key, text), failure);
                    self.keep_failed(&id, &key).await;
                }
            }
        });
    }

    /// Sends to the conversation `id`, which is made first where it is empty.
    async fn post(self, home: &Home, id: &mut String, key: &str, text: &str) -> Answer<()> {
        if id.is_empty() {
            *id = api::new_conversation().await?.id;
            self.note_made(home, id);
            self.move_typed(key, id);
            self.adopt(home, id);
        }
        let accepted = api::send(id, key, text).await?;
        if self.thread(|t| t.conversation_id == *id) {
            self.change(|t| t.accepted(key, &accepted.message_id, &accepted.answer_id));
        }
        Ok(())
    }

    /// Gives the new conversation on the page its id, unless the person has gone elsewhere.
    fn adopt(self, home: &Home, id: &str) {
        if self.home() != *home {
            return;
        }
        self.change(|thread| {
            id.clone_into(&mut thread.conversation_id);
            thread.refetch();
        });
        // What was typed meanwhile moves along, and what was not sent before.
        for key in self.thread(|t| t.bubbles.iter().map(|b| b.id.clone()).collect::<Vec<_>>()) {
            self.move_typed(&key, id);
        }
        self.keep_draft("", "");
        self.keep_draft(id, &self.draft.get_untracked());
        self.open_id.set(id.to_owned());
        self.subscribe_talk("subscribe", id);
        self.fetch(id.to_owned());
        self.place.replace(Page::Chat(Some(id.to_owned())));
    }

    /// A message that was not sent stays on the page or waits in its conversation; one that came when
    /// the session was over goes back to where it was typed, with those that wait behind it.
    fn not_sent(self, home: &Home, id: &str, (key, text): (&str, String), failure: Failure) {
        if failure.is_logged_out() {
            self.forget_unsent(id, key);
            let mut texts = vec![text];
            for waits in self.call_back(home) {
                for place in [id, ""] {
                    texts.extend(self.kept_unsent(place, &waits).map(|kept| kept.text));
                    self.forget_unsent(place, &waits);
                }
            }
            self.give_back(id, &texts.join("\n\n"));
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

/// Whether a conversation has a message that was sent to it, as far back as that can be.
async fn has_arrived(talk: &str, unsent: &Unsent) -> Answer<bool> {
    let mut page = api::many_messages(talk, None).await?;
    for _ in 0..PAGES {
        let at = |m: &web_dto::MessageView| clock::millis(&m.created_at);
        let is_it = |m: &web_dto::MessageView| m.role == "user" && unsent.may_be(&m.content, at(m));
        if page.messages.iter().any(is_it) {
            return Ok(true);
        }
        let is_older = page.messages.first().is_some_and(|m| at(m) < unsent.earliest_ms());
        let Some(before) = page.next_before.filter(|_| !is_older) else { break };
        page = api::many_messages(talk, Some(&before)).await?;
    }
    Ok(false)
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
