//! Purging a conversation: its messages and tasks, and what was remembered of it.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, TaskId, UserId};

use super::{
    quotes::Quotes,
    reach::Reach,
    said::{self, Emptied},
    traces,
};
use crate::{Draft, Refusal, conversations::ConversationRow, rewrite};

/// Purges a conversation of `owner`; returns the memories that went with it. One that is gone
/// already or another's is passed over: nothing tells the two apart.
///
/// # Errors
/// A damaged row that has to be read, or the adapter's failure.
pub fn conversation(
    draft: &mut Draft<'_>,
    owner: UserId,
    id: ConversationId,
) -> Result<Vec<MemoryId>, Refusal> {
    let row = draft.get::<ConversationRow>(&id.bytes())?;
    if row.is_none_or(|row| row.conversation.owner != owner) {
        return Ok(Vec::new());
    }
    rewrite::purged(draft)?;
    let messages = traces::messages(draft.view(), id)?;
    let said: BTreeSet<MessageId> = messages.iter().map(|message| message.id).collect();
    let remembered = traces::of_thread(draft.view(), owner, id, |_| true)?;
    // What is said here goes whole; answers elsewhere that quote it are emptied.
    let emptied = Emptied { messages: said, ..Emptied::default() };
    let mut reach = Reach::of(draft, owner, remembered, (emptied, Quotes::default()))?;
    remove(draft, id, &messages, &mut reach.emptied.tasks)?;
    reach.take_out(draft)
}

/// Takes the thread's rows out, and notes its `tasks`: nothing of it is shown any more.
fn remove(
    draft: &mut Draft<'_>,
    id: ConversationId,
    messages: &[Message],
    tasks: &mut BTreeSet<TaskId>,
) -> Result<(), Refusal> {
    for message in messages {
        let worked = message.task_id.map(|task| said::tree(draft, task)).transpose()?;
        for row in worked.into_iter().flatten().filter(|row| row.task.conversation_id == id) {
            tasks.insert(row.task.id);
            draft.delete(&row)?;
        }
        draft.delete(message)?;
    }
    if let Some(row) = draft.get::<ConversationRow>(&id.bytes())? {
        draft.delete(&row)?;
    }
    Ok(())
}
