//! Purging a conversation: its messages and tasks, and what was remembered of it.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, MessageId, UserId};

use super::{
    memories::take_out,
    said::{self, Emptied},
    traces,
};
use crate::{
    Draft, Refusal,
    conversations::ConversationRow,
    memories::{MemoryRow, signals},
    rewrite,
};

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
    let of_it = |row: &MemoryRow| row.head.provenance.conversation_id == Some(id);
    let remembered = traces::remembered(draft.view(), owner, of_it)?;
    let mut emptied = Emptied::default();
    let set: BTreeSet<MemoryId> = remembered.iter().copied().collect();
    for message in traces::citing(draft.view(), owner, &set)? {
        said::empty(draft, message, &mut emptied)?; // answers elsewhere that quote it
    }
    let messages = traces::messages(draft.view(), id)?;
    for message in &messages {
        said::empty(draft, message.id, &mut emptied)?;
    }
    said::silence(draft, &emptied.tasks)?;
    let said: BTreeSet<MessageId> = messages.iter().map(|message| message.id).collect();
    signals::silence(draft, owner, &remembered, &said)?;
    take_out(draft, &remembered)?;
    remove(draft, id, &emptied)?;
    Ok(remembered)
}

/// Takes the rows themselves out: nothing of the thread is shown any more.
fn remove(draft: &mut Draft<'_>, id: ConversationId, emptied: &Emptied) -> Result<(), Refusal> {
    for message in traces::messages(draft.view(), id)? {
        draft.delete(&message)?;
    }
    for task in &emptied.tasks {
        let row = draft.get::<crate::tasks::TaskRow>(&task.bytes())?;
        if let Some(row) = row.filter(|row| row.task.conversation_id == id) {
            draft.delete(&row)?;
        }
    }
    if let Some(row) = draft.get::<ConversationRow>(&id.bytes())? {
        draft.delete(&row)?;
    }
    Ok(())
}
