//! The conversation before a task's message. Reads; decides nothing.

use appliance_core::{Message, PageRequest, Role, Task, ports::DeskError};
use appliance_phrases::utterance;

use super::Service;
use crate::NO_MODEL;

/// Messages that are read.
const READ: usize = 20;

/// The messages before the one in hand, newest first.
#[derive(Debug, Default)]
pub(super) struct Thread(Vec<Message>);

impl Service {
    /// Reads the conversation before the task's message.
    pub(super) async fn before(&self, task: &Task) -> Result<Thread, DeskError> {
        let conversations = &self.parts.conversations;
        let Some(asked) = conversations.message(task.owner, task.message_id).await? else {
            return Ok(Thread::default());
        };
        let before = PageRequest::new(READ, Some(asked.seq));
        let page = conversations.messages(task.owner, task.conversation_id, before).await?;
        Ok(Thread(page.items))
    }
}

impl Thread {
    /// Returns the messages, oldest first.
    pub(super) fn in_order(self) -> Vec<Message> {
        self.0.into_iter().rev().collect()
    }

    /// Returns the messages, newest first.
    pub(super) fn newest_first(&self) -> &[Message] {
        &self.0
    }

    /// Leaves out what was said last as long as it speaks of no memory: ratings and calls for help.
    pub(super) fn without_asides(mut self) -> Self {
        let pairs = self.0.chunks_exact(2);
        let asides = pairs.take_while(|pair| is_aside(&pair[1], &pair[0])).count();
        self.0.drain(..asides * 2);
        self
    }

    /// Returns the last answer, a command's too.
    pub(super) fn last_answer(&self) -> Option<&Message> {
        self.0.iter().find(|message| message.role == Role::Assistant)
    }

    /// Returns the last answer that a model wrote.
    pub(super) fn last_written(&self) -> Option<&Message> {
        self.0.iter().find(|message| is_written(message))
    }

    /// Returns what the person said last.
    pub(super) fn last_said(&self) -> Option<&Message> {
        self.0.iter().find(|message| message.role == Role::User)
    }
}

fn is_written(message: &Message) -> bool {
    message.role == Role::Assistant
        && message.model.as_deref().is_some_and(|model| model != NO_MODEL)
}

/// Tells whether `said` was a rating or a call for help, and `answer` the house's own word to it.
fn is_aside(said: &Message, answer: &Message) -> bool {
    let pair = (said.role, answer.role) == (Role::User, Role::Assistant);
    let told = answer.model.as_deref() == Some(NO_MODEL) && answer.citations.is_empty();
    let help = utterance::command(&said.content).is_some_and(|(name, _)| name == "help");
    pair && told && (help || utterance::rating(&said.content).is_some())
}
