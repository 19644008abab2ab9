//! What a person says in plain words that is a command all the same: "forget that", "8 - nice".
//!
//! The words are read by `appliance_phrases::utterance`; here the conversation decides whether they
//! can be meant. Carries nothing out.

use appliance_core::{Message, Role, desk::Meant};
use appliance_phrases::utterance::{self, Wish};

use super::command::Command;
use crate::NO_MODEL;

/// The answer to "that is wrong" alone.
const WHAT_IS_RIGHT: &str = "What is right? Say \"that is wrong, it is ...\" and I will correct it, or \
                             \"forget that\".";

/// Returns the command that `said` is after `history` (oldest first), or `None` for plain text.
pub(super) fn read(said: &str, history: &[Message]) -> Option<Command> {
    wished(said, history).or_else(|| rated(said, history))
}

fn wished(said: &str, history: &[Message]) -> Option<Command> {
    let last = history.last().filter(|message| message.role == Role::Assistant);
    Some(match utterance::wish(said)? {
        Wish::ForgetThat => Command::Forget(Meant::That),
        Wish::ForgetAbout(what) => Command::Forget(Meant::About(what.to_owned())),
        Wish::Undo => Command::Undo,
        Wish::Wrong => {
            last?;
            Command::Wrong(WHAT_IS_RIGHT.to_owned())
        }
        Wish::Correct(to) => correct(to, true),
        Wish::MaybeCorrect(to) => {
            last?;
            correct(to, false)
        }
    })
}

fn correct(to: &str, sure: bool) -> Command {
    Command::Correct { what: Meant::That, to: to.to_owned(), sure }
}

fn rated(said: &str, history: &[Message]) -> Option<Command> {
    let rating = utterance::rating(said)?;
    let last = history.last().filter(|message| message.role == Role::Assistant)?;
    let asks = without_marks(&last.content).ends_with(['?', ':']);
    if rating.bare && asks || !history.iter().any(is_written) {
        return None; // "how many replicas?" - "3"
    }
    let comment = rating.comment.map(str::to_owned);
    Some(Command::Rate { value: rating.value, comment })
}

fn without_marks(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || c.is_ascii_digit() || "[]".contains(c))
}

fn is_command(message: &Message) -> bool {
    message.model.as_deref() == Some(NO_MODEL)
}

fn is_written(message: &Message) -> bool {
    message.role == Role::Assistant && message.model.is_some() && !is_command(message)
}

#[cfg(test)]
mod tests {
    use appliance_core::{ConversationId, IdMint, MessageId, Timestamp, time::ManualClock};

    use super::*;

    fn message(role: Role, content: &str, model: Option<&str>) -> Message {
        let mint = IdMint::new(std::sync::Arc::new(ManualClock::at_millis(1)), 0);
        Message {
            id: mint.next(MessageId::from_uuid),
            conversation_id: mint.next(ConversationId::from_uuid),
            seq: 1,
            role,
            content: content.to_owned(),
            agent: None,
            parent_message_id: None,
            task_id: None,
            citations: Vec::new(),
            leans_on: Vec::new(),
            cut_off: None,
            model: model.map(str::to_owned),
            created_at: Timestamp::from_unix_micros(0),
        }
    }

    fn answer(content: &str) -> Vec<Message> {
        vec![message(Role::User, "?", None), message(Role::Assistant, content, Some("demo"))]
    }

    #[test]
    fn words_are_a_command_only_where_there_is_something_they_can_mean() {
        let answered = answer("It is heron. [1]");
        let mut done = answered.clone();
        done.push(message(Role::Assistant, "Forgotten: x.", Some(NO_MODEL)));
        assert_eq!(read("undo that", &done), Some(Command::Undo));
        done.extend(answered.clone());
        for history in [done.as_slice(), &answered, &[]] {
            assert_eq!(read("undo that", history), Some(Command::Undo), "whatever was said since");
        }
        assert_eq!(read("no, it's osprey", &answered), Some(correct("osprey", false)));
        assert_eq!(read("no, it's osprey", &[]), None);
        assert!(matches!(read("that is wrong", &answered), Some(Command::Wrong(_))));
        assert_eq!(read("forget that", &[]), Some(Command::Forget(Meant::That)));
        assert_eq!(read("what is it called?", &answered), None);
    }

    #[test]
    fn a_number_rates_an_answer_and_answers_a_question() {
        let rate = |value, comment: Option<&str>| {
            Some(Command::Rate { value, comment: comment.map(str::to_owned) })
        };
        assert_eq!(read("8 - nice", &answer("It is heron. [1]")), rate(8, Some("nice")));
        assert_eq!(read("10", &answer("It is heron.")), rate(10, None));
        assert_eq!(read("3", &answer("How many replicas? [1]")), None);
        assert_eq!(read("3/10", &answer("How many replicas?")), rate(3, None));
        assert_eq!(read("8 - nice", &[]), None);
        assert_eq!(read("8", &[message(Role::Assistant, "Kept: x", Some(NO_MODEL))]), None);
    }
}
