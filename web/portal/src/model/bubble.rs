//! One message on the screen, from the person's first word of it to its record.
//!
//! An answer arrives in chunks that say where they belong: bytes before them and which attempt they
//! are part of. A higher attempt starts the text again; a chunk that does not follow means that one
//! was lost, and only a refetch helps.

use web_dto::{ChunkPayload, CitationView, InFlightView, MessagePayload, MessageView};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Typed here, not yet confirmed by the server.
    Sending,
    /// Typed here and refused or lost; the text is kept.
    Failed,
    /// Typed here and taken by the server; its record was not read yet.
    Confirmed,
    /// Asked for, no word of it written yet.
    Waiting,
    /// Being written by this attempt.
    Writing(u32),
    /// A record.
    Stored,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// The message's id; our own key while it is [`Delivery::Sending`] or failed.
    pub id: String,
    /// Its position in the conversation; absent until it is a record.
    pub seq: Option<u64>,
    /// The message that it answers.
    pub answers: Option<String>,
    /// `user`, `assistant`, `system` or `tool`.
    pub role: String,
    /// The text so far.
    pub text: String,
    /// Who writes it, for answers.
    pub agent: Option<String>,
    /// The memories it used.
    pub citations: Vec<CitationView>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// The task that made it, for answers.
    pub task_id: Option<String>,
    /// Whether the person called it off before it was whole.
    pub stopped: bool,
    /// Why it is not whole, as on the wire.
    pub cut_off: Option<String>,
    /// RFC 3339; absent until it is a record.
    pub at: Option<String>,
    /// How far it has come.
    pub delivery: Delivery,
}

/// What a chunk did to its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The text grew.
    Grew,
    /// The text was there already, or belongs to an older attempt.
    Known,
    /// Something before it is missing.
    Gap,
}

impl Bubble {
    /// What the person just typed, under our own `key`.
    #[must_use]
    pub fn typed(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(key, "user", text, Delivery::Sending)
    }

    /// The place of an answer that nobody has begun, to the message `answers`.
    #[must_use]
    pub fn awaited(id: impl Into<String>, answers: impl Into<String>) -> Self {
        let answers = Some(answers.into());
        Self { answers, ..Self::new(id, "assistant", "", Delivery::Waiting) }
    }

    /// Whether it is still to change.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.delivery, Delivery::Waiting | Delivery::Writing(_))
    }

    /// What stands on the page: the text, or that it was deleted for good.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.is_deleted() { "Deleted for good" } else { &self.text }
    }

    /// Whether its text was deleted for good: no other record is empty but an answer that was
    /// stopped before its first word.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.delivery == Delivery::Stored && self.text.is_empty() && !self.stopped
    }

    /// Takes a piece of the answer in.
    pub fn append(&mut self, chunk: &ChunkPayload) -> Appended {
        match self.delivery {
            Delivery::Stored => return Appended::Known,
            Delivery::Writing(attempt) if chunk.attempt < attempt => return Appended::Known,
            Delivery::Writing(attempt) if chunk.attempt == attempt => {}
            _ => self.text.clear(),
        }
        self.delivery = Delivery::Writing(chunk.attempt);
        self.agent = Some(chunk.agent.clone());
        self.join(chunk)
    }

    /// Joins a chunk of the attempt in hand to the text, whatever part of it is new.
    fn join(&mut self, chunk: &ChunkPayload) -> Appended {
        let have = self.text.len() as u64;
        if chunk.offset > have {
            return Appended::Gap;
        }
        let overlap = usize::try_from(have - chunk.offset).unwrap_or(usize::MAX);
        if overlap >= chunk.content.len() && overlap > 0 {
            return Appended::Known;
        }
        // An overlap inside a character would be another text than ours.
        let Some(fresh) = chunk.content.get(overlap..) else { return Appended::Gap };
        self.text.push_str(fresh);
        Appended::Grew
    }

    fn new(id: impl Into<String>, role: &str, text: impl Into<String>, delivery: Delivery) -> Self {
        Self {
            id: id.into(),
            seq: None,
            answers: None,
            role: role.to_owned(),
            text: text.into(),
            agent: None,
            citations: Vec::new(),
            model: None,
            task_id: None,
            stopped: false,
            cut_off: None,
            at: None,
            delivery,
        }
    }
}

impl From<MessageView> for Bubble {
    fn from(view: MessageView) -> Self {
        Self {
            seq: Some(view.seq),
            answers: view.answers,
            agent: view.agent,
            citations: view.citations,
            model: view.model,
            task_id: view.task_id,
            stopped: view.stopped,
            cut_off: view.cut_off,
            at: Some(view.created_at),
            ..Self::new(view.id, &view.role, view.content, Delivery::Stored)
        }
    }
}

impl From<InFlightView> for Bubble {
    fn from(view: InFlightView) -> Self {
        let writing = Delivery::Writing(view.attempt);
        Self {
            agent: Some(view.agent),
            answers: Some(view.answers),
            ..Self::new(view.message_id, "assistant", view.text, writing)
        }
    }
}

impl Bubble {
    /// A stored message as a frame brings it, said at `at`.
    #[must_use]
    pub fn of_frame(frame: &MessagePayload, at: &str) -> Self {
        Self {
            seq: Some(frame.seq).filter(|seq| *seq > 0),
            answers: frame.answers.clone(),
            agent: frame.agent.clone(),
            citations: frame.citations.clone(),
            model: frame.model.clone(),
            task_id: frame.task_id.clone(),
            stopped: frame.stopped,
            cut_off: frame.cut_off.clone(),
            at: Some(at.to_owned()),
            ..Self::new(&frame.message_id, &frame.role, &frame.content, Delivery::Stored)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_record_was_deleted_unless_it_was_stopped() {
        let stored = |text: &str| Bubble::new("a", "assistant", text, Delivery::Stored);
        assert!(stored("").is_deleted() && stored("").shown() == "Deleted for good");
        assert_eq!(stored("tea").shown(), "tea");
        assert!(!stored("tea").is_deleted());
        assert!(!Bubble { stopped: true, ..stored("") }.is_deleted());
        assert!(!Bubble::awaited("a", "q").is_deleted());
    }

    fn chunk(attempt: u32, offset: u64, content: &str) -> ChunkPayload {
        ChunkPayload {
            message_id: "a".into(),
            answers: "q".into(),
            conversation_id: "c".into(),
            content: content.into(),
            agent: "code".into(),
            attempt,
            offset,
            is_complete: false,
        }
    }

    #[test]
    fn chunks_join_by_their_offset_and_repeats_change_nothing() {
        let mut answer = Bubble::awaited("a", "q");
        assert_eq!(answer.append(&chunk(1, 0, "The dät")), Appended::Grew);
        assert_eq!(answer.append(&chunk(1, 0, "The dät")), Appended::Known);
        assert_eq!(answer.append(&chunk(1, 5, "ätabase")), Appended::Grew, "half known, half new");
        assert_eq!(answer.text, "The dätabase");
        assert_eq!(answer.delivery, Delivery::Writing(1));
    }

    #[test]
    fn a_lost_chunk_is_a_gap_and_leaves_the_text_alone() {
        let mut answer = Bubble::awaited("a", "q");
        answer.append(&chunk(1, 0, "one "));
        assert_eq!(answer.append(&chunk(1, 8, "three")), Appended::Gap);
        assert_eq!(answer.text, "one ");
        assert_eq!(answer.append(&chunk(1, 4, "ä")), Appended::Grew);
        assert_eq!(answer.append(&chunk(1, 5, "ää")), Appended::Gap, "cut inside a character");
    }

    #[test]
    fn a_new_attempt_starts_the_text_again_and_the_old_one_is_ignored() {
        let mut answer = Bubble::awaited("a", "q");
        answer.append(&chunk(1, 0, "half an ans"));
        assert_eq!(answer.append(&chunk(2, 0, "An answer")), Appended::Grew);
        assert_eq!(answer.append(&chunk(1, 11, "wer")), Appended::Known);
        assert_eq!(answer.text, "An answer");
    }

    #[test]
    fn a_new_attempt_seen_in_its_middle_is_a_gap() {
        let mut answer = Bubble::awaited("a", "q");
        answer.append(&chunk(1, 0, "half"));
        assert_eq!(answer.append(&chunk(2, 4, "tail")), Appended::Gap);
        assert_eq!(answer.text, "", "nothing of the old attempt is shown as the new one");
    }
}
