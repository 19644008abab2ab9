//! The conversation before a task's message. Reads; decides nothing.

use appliance_core::{Message, PageRequest, Role, Task, ports::DeskError};

use super::Service;
use crate::NO_MODEL;

/// Messages that are read.
const READ: usize = 20;

/// The messages before the one in hand, newest first.
#[derive(Debug, Default)]
pub(super) struct Thread(Vec<Message>);

impl Service {
    /// Reads the conversation before the task's message.
    pub(super) async fn thread(&self, task: &Task) -> Result<Thread, DeskError> {
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
