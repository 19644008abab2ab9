//! Signals: what the end of a task and the next message tell about answers and their memories.
//!
//! Notes them through the care, after the commit. A signal that cannot be noted is logged and
//! missed; no task fails for it.

use appliance_core::{
    Actor, BatchKey, Message, Role, SignalType, Task, TaskOutcome,
    ports::{By, Cause, DeskError, Told},
};
use appliance_phrases::form::Form;
use appliance_phrases::utterance;
use appliance_phrases::words::{Asked, Words};
use pai::ratings;

use super::{Service, claim, thread::Thread};
use crate::NO_MODEL;

/// Most bytes of a person's words that are kept with a signal.
const MOST_COMMENT: usize = 500;

/// Part of a question's telling words in the one before it that makes it a further question.
const FURTHER: f32 = 0.34;

/// What the end of a task is worth: a little, so that a person's share is theirs to use.
const ENDED: i32 = 100;

/// What a guess from words alone is worth.
const GUESS: i32 = 500;

/// Fewest words of a message that can be asked for a second time; a greeting is not.
const LEAST_ASKED: usize = 3;

impl Service {
    /// Notes what the end of a person's task tells.
    pub(super) async fn note_end(&self, task: &Task, outcome: &TaskOutcome) {
        if is_a_command(outcome) {
            return;
        }
        // A failure leaves a sentence of the appliance and no answer that cites anything.
        let (kind, message_id) = match outcome {
            TaskOutcome::Completed { .. } => (SignalType::TaskSuccess, Some(task.answer_id)),
            TaskOutcome::Failed { .. } => (SignalType::TaskFailure, None),
        };
        let told = Told {
            kind,
            strength: ENDED,
            rating: None,
            comment: None,
            conversation_id: None,
            message_id,
            task_id: Some(task.id),
            learned: Vec::new(),
        };
        self.tell(task, "end", told).await;
        if let Err(error) = self.note_message(task).await {
            tracing::warn!(task.id = %task.id, %error, "a message told nothing about the last answer");
        }
        self.note_use(task, outcome).await;
    }

    /// Takes a signal in, once for a task and `what` tells; its failure is logged.
    async fn tell(&self, task: &Task, what: &str, told: Told) {
        let kind = told.kind;
        let name = format!("desk/{}/signal/{what}", task.id);
        let key = BatchKey::of_task(task.id, name, claim::digest_of(&kind));
        let by = By {
            owner: task.owner,
            actor: Actor::System,
            ip: None,
            cause: Cause { key: Some(key), ..Cause::default() },
        };
        if let Err(error) = self.parts.care.signal(&by, told).await {
            tracing::warn!(signal = kind.as_str(), %error, "a signal was not noted");
        }
    }

    /// What the message that was just answered says about the answer before it.
    async fn note_message(&self, task: &Task) -> Result<(), DeskError> {
        let thread = self.before(task).await?;
        let Some((kind, strength, answer)) = said_about(&task.input, &thread) else {
            return Ok(());
        };
        let praised = kind == SignalType::UserAcceptance;
        let told = Told {
            kind,
            strength,
            rating: None,
            comment: praised.then(|| short(&task.input)),
            conversation_id: Some(task.conversation_id),
            message_id: Some(answer.id),
            task_id: answer.task_id,
            learned: Vec::new(),
        };
        self.tell(task, "message", told).await;
        Ok(())
    }

    /// Counts the memories that were cited as used, the first cited first.
    async fn note_use(&self, task: &Task, outcome: &TaskOutcome) {
        let TaskOutcome::Completed { citations, .. } = outcome else { return };
        let recalled = self.recalled.of(task);
        let mut used = Vec::new();
        for citation in citations {
            let hit = recalled.iter().find(|hit| hit.memory.id == citation.memory_id);
            if let Some(hit) = hit.filter(|hit| !used.contains(*hit)) {
                used.push(hit.clone());
            }
        }
        if !used.is_empty() {
            self.parts.care.used(task.owner, &used).await;
        }
    }
}

/// Returns as much of a person's words as is kept with a signal.
pub(super) fn short(words: &str) -> String {
    words[..words.floor_char_boundary(MOST_COMMENT)].to_owned()
}

/// Tells whether this ends a command, which no model answered.
pub(super) fn is_a_command(outcome: &TaskOutcome) -> bool {
    matches!(outcome, TaskOutcome::Completed { model, .. } if model == NO_MODEL)
}

/// What a message says about an answer before it, how strongly, and about which.
fn said_about<'a>(said: &str, thread: &'a Thread) -> Option<(SignalType, i32, &'a Message)> {
    let last = thread.last_written()?;
    if utterance::is_praise(said) {
        return Some((SignalType::UserAcceptance, ratings::PRAISE.1, last));
    }
    if let Some(first) = asked_before(said, thread) {
        return Some((SignalType::TaskRetry, 1_000, first));
    }
    let before = last.parent_message_id;
    let before = thread.newest_first().iter().find(|message| Some(message.id) == before)?;
    let (kind, strength) = turned(said, &before.content)?;
    Some((kind, strength, last))
}

/// The answer to the same words, if they were said in this conversation.
fn asked_before<'a>(said: &str, thread: &'a Thread) -> Option<&'a Message> {
    if said.split_whitespace().count() < LEAST_ASKED {
        return None;
    }
    let form = Form::NEWEST.of(said);
    let messages = thread.newest_first();
    let same = |it: &&Message| it.role == Role::User && Form::NEWEST.of(&it.content) == form;
    let before = messages.iter().find(same)?;
    messages.iter().find(|it| it.parent_message_id == Some(before.id))
}

/// Whether a question goes on with the one before it or turns to something else; `None` between.
fn turned(now: &str, before: &str) -> Option<(SignalType, i32)> {
    if !utterance::is_question(now) || !utterance::is_question(before) {
        return None;
    }
    let asked = Asked::among(now, &[]); // against no candidates every word weighs the same
    let tells = asked.shared(&Words::of(now)) > 0.0;
    let shared = asked.shared(&Words::of(before));
    if shared >= FURTHER {
        return Some((SignalType::FollowUp, (shared * 1_000.0) as i32));
    }
    if !tells || points_back(now) {
        return Some((SignalType::FollowUp, GUESS));
    }
    (shared <= 0.0).then_some((SignalType::ContextSwitch, GUESS))
}

fn points_back(text: &str) -> bool {
    const BACK: [&str; 8] = ["it", "its", "that", "this", "they", "them", "those", "there"];
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| BACK.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_question_is_told_from_another_one() {
        let kind = |now, before| turned(now, before).map(|(kind, _)| kind);
        let database = "what is the staging database called?";
        assert_eq!(kind("who owns the staging database?", database), Some(SignalType::FollowUp));
        assert_eq!(kind("and where does it run?", database), Some(SignalType::FollowUp));
        assert_eq!(kind("why?", database), Some(SignalType::FollowUp));
        let switch = kind("when do the trains to Hamburg leave?", database);
        assert_eq!(switch, Some(SignalType::ContextSwitch));
        assert_eq!(kind("the release is on Friday", database), None);
    }
}
