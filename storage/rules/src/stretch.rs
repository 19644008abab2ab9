//! A text that a message says already: kept as where it stands in the message, and brought back from
//! there.
//!
//! A question is asked, worked on, handed on and remembered; an answer ends one task or two and is
//! remembered. Its text lives once, in its message, and [`tasks`](crate::tasks) and
//! [`memories`](crate::memories) keep a [`Stretch`] of it where the text is there word for word.
//! Empties no message: see [`purge`](crate::purge).
//!
//! Invariant: a row refers only to a message with which it is purged.

use appliance_core::{ConversationId, Message, MessageId};

use crate::{
    Fault,
    entity::key,
    messages::{BY_ID, MESSAGES},
    view::{Read as _, View, dangling},
};

/// Where a text stands in a message of a thread that whoever holds this knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    seq: u64,
    from: u32,
    bytes: u32,
}

/// The frozen form, version 1: the message's sequence, the first byte, and how many.
pub type StretchV1 = (u64, u32, u32);

impl Stretch {
    /// Returns where `message` says `text` word for word; `None` where it does not, and for no text.
    #[must_use]
    pub fn of(text: &str, message: &Message) -> Option<Self> {
        let from = message.content.find(text).filter(|_| !text.is_empty())?;
        let (from, bytes) = (u32::try_from(from).ok()?, u32::try_from(text.len()).ok()?);
        Some(Self { seq: message.seq, from, bytes })
    }

    /// Returns the text that stands there in `thread`.
    ///
    /// # Errors
    /// A damaged message, or the adapter's failure.
    pub fn text(self, view: &dyn View, thread: ConversationId) -> Result<String, Fault> {
        self.read(&self.message(view, thread)?)
    }

    /// As [`text`](Self::text); the message becomes `last`, and is not read again if it is that
    /// already.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn text_beside(
        self,
        view: &dyn View,
        thread: ConversationId,
        last: &mut Option<Message>,
    ) -> Result<String, Fault> {
        let is_it = |it: &Message| it.conversation_id == thread && it.seq == self.seq;
        let known = last.take().filter(is_it);
        let message = known.map_or_else(|| self.message(view, thread), Ok)?;
        let text = self.read(&message);
        *last = Some(message);
        text
    }

    /// Returns the message; its absence is damage. Asks no index, so that one that is damaged keeps
    /// no text away.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn message(self, view: &dyn View, thread: ConversationId) -> Result<Message, Fault> {
        view.follow(&key(&[&thread.bytes(), &self.seq.to_be_bytes()]), MESSAGES.name)
    }

    /// Returns what its `message` says there: nothing if that was emptied.
    ///
    /// # Errors
    /// A message that does not reach so far is damaged.
    pub fn read(self, message: &Message) -> Result<String, Fault> {
        if message.content.is_empty() {
            return Ok(String::new());
        }
        let from = self.from as usize;
        let text = message.content.get(from..from.saturating_add(self.bytes as usize));
        let place = || key(&[&message.conversation_id.bytes(), &self.seq.to_be_bytes()]);
        Ok(text.ok_or_else(|| dangling(MESSAGES.name, &place()))?.to_owned())
    }

    /// Returns the frozen form.
    pub(crate) const fn freeze(self) -> StretchV1 {
        (self.seq, self.from, self.bytes)
    }

    /// Rebuilds it from the frozen form.
    pub(crate) const fn thaw((seq, from, bytes): StretchV1) -> Self {
        Self { seq, from, bytes }
    }
}

/// Returns the message of `thread` that a new text may refer to; none where there is none, or it
/// cannot be read.
///
/// # Errors
/// The adapter's failure.
pub(crate) fn source(
    view: &dyn View,
    id: MessageId,
    thread: ConversationId,
) -> Result<Option<Message>, Fault> {
    let found = view.readable(view.by::<Message>(&BY_ID, &id.bytes()), None)?.flatten();
    Ok(found.filter(|message| message.conversation_id == thread))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use appliance_core::{Role, Timestamp};

    use super::*;
    use crate::{
        entity::{Entity as _, Key, Kind},
        view::{Counted, Pointed, Span, Stored, seal},
    };

    /// A view of messages that counts how often it is asked for one.
    struct Asked(Vec<Message>, Cell<usize>);

    impl View for Asked {
        fn get(&self, _: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
            self.1.set(self.1.get() + 1);
            let found = self.0.iter().find(|message| message.id() == id);
            found.map(|message| seal(id, message)).transpose()
        }

        fn rows(&self, _: &'static Kind, _: &Span, _: usize) -> Result<Vec<Stored>, Fault> {
            Ok(Vec::new())
        }

        fn find(
            &self,
            _: &'static Kind,
            _: &'static Key,
            _: &[u8],
        ) -> Result<Option<Vec<u8>>, Fault> {
            Ok(None)
        }

        fn places(
            &self,
            _: &'static Kind,
            _: &'static Key,
            _: &Span,
            _: usize,
        ) -> Result<Vec<Pointed>, Fault> {
            Ok(Vec::new())
        }

        fn counts(&self, _: &'static Key, _: &[u8]) -> Result<Vec<Counted>, Fault> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn parts_of_one_message_ask_for_it_once() {
        let (one, two) = (said("wren. heron."), Message { seq: 2, ..said("finch. heron.") });
        let view = Asked(vec![one.clone(), two.clone()], Cell::new(0));
        let mut last = None;
        let parts =
            [("wren", &one), ("heron", &one), ("heron", &two), ("finch", &two), ("wren", &one)];
        for ((text, message), asked) in parts.into_iter().zip([1, 1, 2, 2, 3]) {
            let stretch = Stretch::of(text, message).unwrap();
            let read = stretch.text_beside(&view, message.conversation_id, &mut last);
            assert_eq!((read.unwrap().as_str(), view.1.get()), (text, asked));
        }
    }

    fn said(content: &str) -> Message {
        Message {
            id: MessageId::from_bytes([1; 16]),
            conversation_id: ConversationId::from_bytes([2; 16]),
            seq: 1,
            role: Role::User,
            content: content.to_owned(),
            agent: None,
            parent_message_id: None,
            task_id: None,
            citations: Vec::new(),
            leans_on: Vec::new(),
            cut_off: None,
            model: None,
            created_at: Timestamp::from_unix_micros(3),
        }
    }

    #[test]
    fn a_text_is_found_where_it_stands_and_read_back() {
        let mut message = said("/ask data gr\u{fc}\u{df}e aus Ulm?");
        for text in ["/ask data", "gr\u{fc}\u{df}e aus Ulm?", "\u{df}"] {
            let stretch = Stretch::of(text, &message).unwrap();
            assert_eq!(stretch.read(&message).unwrap(), text);
            assert_eq!(Stretch::thaw(stretch.freeze()), stretch);
        }
        assert_eq!(Stretch::of("", &message), None);
        assert_eq!(Stretch::of("Ulm!", &message), None);
        let last = Stretch::of("Ulm?", &message).unwrap();
        message.content.truncate(20);
        assert!(last.read(&message).is_err(), "it does not reach so far");
        message.content.clear();
        assert_eq!(last.read(&message).unwrap(), "", "it was emptied");
    }
}
