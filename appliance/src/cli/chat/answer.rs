//! One answer, put together from pieces that may come twice, too early, or from an earlier attempt.
//!
//! Pure: no I/O, no time. A piece carries the attempt and the byte offset it belongs to, so what is
//! already there is recognised and what is missing is noticed.
//!
//! Invariant: `text` is always a prefix of what the current attempt has written, without holes.

use web_dto::{InFlightView, MessageView};

/// What a piece means for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// The answer has grown, or there was nothing new.
    Yes,
    /// Something before this piece is missing: refetch.
    Gap,
}

/// An answer as far as it is known.
#[derive(Debug, Default)]
pub struct Answer {
    /// Which attempt the text is from; 0 before the first piece.
    attempt: u32,
    /// Who writes it.
    agent: Option<String>,
    text: String,
    stored: Option<MessageView>,
}

impl Answer {
    /// Returns what is known of the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns who writes it.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// Returns the stored answer, once it is.
    pub fn stored(&self) -> Option<&MessageView> {
        self.stored.as_ref()
    }

    /// Takes a piece that begins at byte `offset` of the attempt's text.
    pub fn piece(&mut self, agent: &str, attempt: u32, offset: u64, piece: &str) -> Fits {
        if self.stored.is_some() || attempt < self.attempt {
            return Fits::Yes;
        }
        self.begin(agent, attempt);
        let Ok(offset) = usize::try_from(offset) else { return Fits::Gap };
        if offset > self.text.len() {
            return Fits::Gap;
        }
        // The part of the piece that is already there; pieces are cut between characters.
        match piece.get(self.text.len() - offset..) {
            Some(new) => self.text.push_str(new),
            None if offset + piece.len() <= self.text.len() => {}
            None => return Fits::Gap,
        }
        Fits::Yes
    }

    /// Takes all that an attempt has written so far, as the server told it.
    pub fn so_far(&mut self, seen: &InFlightView) {
        if self.stored.is_some() || seen.attempt < self.attempt {
            return;
        }
        self.begin(&seen.agent, seen.attempt);
        if seen.text.len() > self.text.len() {
            self.text.clone_from(&seen.text);
        }
    }

    /// Takes the stored answer: this is what was said.
    pub fn complete(&mut self, message: MessageView) {
        self.text.clone_from(&message.content);
        self.agent = message.agent.clone().or(self.agent.take());
        self.stored = Some(message);
    }

    fn begin(&mut self, agent: &str, attempt: u32) {
        if attempt > self.attempt {
            self.attempt = attempt;
            self.text.clear();
        }
        self.agent = Some(agent.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_flight(attempt: u32, text: &str) -> InFlightView {
        InFlightView {
            message_id: "m".to_owned(),
            answers: "q".to_owned(),
            agent: "code".to_owned(),
            attempt,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_piece_that_comes_twice_counts_once() {
        let mut answer = Answer::default();
        assert_eq!(answer.piece("code", 1, 0, "one "), Fits::Yes);
        assert_eq!(answer.piece("code", 1, 0, "one "), Fits::Yes);
        assert_eq!(answer.piece("code", 1, 2, "e two"), Fits::Yes);
        assert_eq!(answer.text(), "one two");
    }

    #[test]
    fn a_hole_is_noticed_and_filled_by_a_refetch() {
        let mut answer = Answer::default();
        answer.piece("code", 1, 0, "one ");
        assert_eq!(answer.piece("code", 1, 8, "three"), Fits::Gap);
        answer.so_far(&in_flight(1, "one two "));
        assert_eq!(answer.piece("code", 1, 8, "three"), Fits::Yes);
        assert_eq!(answer.text(), "one two three");
    }

    #[test]
    fn a_new_attempt_begins_again_and_the_old_one_is_ignored() {
        let mut answer = Answer::default();
        answer.piece("code", 1, 0, "half an ans");
        answer.piece("code", 2, 0, "whole");
        answer.piece("code", 1, 11, "wer");
        answer.so_far(&in_flight(1, "half an answer that is longer"));
        assert_eq!(answer.text(), "whole");
    }

    #[test]
    fn offsets_count_bytes_and_a_cut_inside_a_character_is_a_gap() {
        let mut answer = Answer::default();
        answer.piece("code", 1, 0, "é");
        assert_eq!(answer.piece("code", 1, 2, "ü"), Fits::Yes);
        assert_eq!(answer.text(), "éü");
        assert_eq!(answer.piece("code", 1, 3, "üx"), Fits::Gap);
    }
}
