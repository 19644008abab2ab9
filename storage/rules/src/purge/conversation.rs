//! Purging a conversation: its messages and tasks, and what was remembered of it; rows of it that cannot
//! be read too.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, TaskId, UserId};

use super::{
    quotes::Quotes,
    reach::Reach,
    said::{self, Emptied, Tree},
    traces, unread,
};
use crate::{
    Draft, Fault, Read as _, Refusal, Span, View,
    conversations::ConversationRow,
    memories::{self, BY_THREAD, MemoryRow},
    rewrite, trailing_seq,
    walk::Met,
};

/// Purges a conversation of `owner`; returns the memories that went with it. One that is gone
/// already or another's is passed over: nothing tells the two apart.
///
/// # Errors
/// The adapter's failure.
pub fn conversation(
    draft: &mut Draft<'_>,
    owner: UserId,
    id: ConversationId,
) -> Result<Vec<MemoryId>, Refusal> {
    let is_theirs = match draft.get::<ConversationRow>(&id.bytes()) {
        Ok(row) => row.is_some_and(|row| row.conversation.owner == owner),
        Err(fault) if fault.is_of_one_row() => unread::is_thread_of(draft.view(), owner, id)?,
        Err(fault) => return Err(fault.into()),
    };
    if !is_theirs {
        return Ok(Vec::new());
    }
    rewrite::purged(draft)?;
    let (messages, unread) = said(draft.view(), id)?;
    let mut said: BTreeSet<MessageId> = messages.iter().map(|message| message.id).collect();
    for row in &unread {
        said.extend(unread::message_at(draft.view(), row)?);
    }
    let mut remembered = traces::of_thread(draft.view(), owner, id, |_| true)?;
    remembered.extend(unread_memories(draft.view(), owner, id)?);
    // What is said here goes whole; answers elsewhere that quote it are emptied.
    let emptied = Emptied { messages: said, ..Emptied::default() };
    let mut reach = Reach::of(draft, owner, remembered, (emptied, Quotes::default()))?;
    let mut worked: BTreeSet<TaskId> =
        messages.iter().filter_map(|message| message.task_id).collect();
    if !unread.is_empty() {
        let all = unread::tasks_of(draft.view(), id)?;
        worked.extend(all.iter().map(|row| row.task.id));
    }
    remove_tasks(draft, id, &worked, &mut reach.emptied.tasks)?;
    remove(draft, id, &messages, &unread)?;
    reach.take_out(draft)
}

/// Returns the thread's messages, and the ids of rows of it that cannot be read.
fn said(view: &dyn View, id: ConversationId) -> Result<(Vec<Message>, Vec<Vec<u8>>), Fault> {
    let (mut messages, mut unread, prefix) = (Vec::new(), Vec::new(), id.bytes());
    for met in view.walk::<Message>(Span::of(&prefix)) {
        let Met { place, row } = met?;
        match row {
            Ok(message) => messages.push(message),
            Err(_) if place.starts_with(&prefix) => unread.push(place),
            Err(_) => {} // a page that leads elsewhere
        }
    }
    Ok((messages, unread))
}

/// Returns what was remembered of the thread and cannot be read.
fn unread_memories(
    view: &dyn View,
    owner: UserId,
    id: ConversationId,
) -> Result<Vec<MemoryId>, Fault> {
    let (mut found, prefix) = (Vec::new(), id.bytes());
    for met in view.walk_by::<MemoryRow>(&BY_THREAD, Span::of(&prefix)) {
        let Met { place, row } = met?;
        if row.is_ok() || !place.starts_with(&prefix) {
            continue;
        }
        let memory = memories::read::id_at(view, trailing_seq(&place))?;
        let Some(memory) = memory else { continue };
        if unread::is_memory_of(view, owner, memory)? {
            found.push(memory);
        }
    }
    Ok(found)
}

/// Takes the tasks of the thread out that were `worked` on, with their parts, and notes them.
fn remove_tasks(
    draft: &mut Draft<'_>,
    id: ConversationId,
    worked: &BTreeSet<TaskId>,
    tasks: &mut BTreeSet<TaskId>,
) -> Result<(), Refusal> {
    for task in worked {
        let Tree { rows, unread } = said::tree(draft, *task)?;
        tasks.extend(unread);
        for row in rows.into_iter().filter(|row| row.task.conversation_id == id) {
            tasks.insert(row.task.id);
            draft.delete(&row)?;
        }
    }
    Ok(())
}

/// Takes the thread's other rows out: nothing of it is shown any more.
fn remove(
    draft: &mut Draft<'_>,
    id: ConversationId,
    messages: &[Message],
    unread: &[Vec<u8>],
) -> Result<(), Refusal> {
    messages.iter().try_for_each(|message| draft.delete(message))?;
    unread.iter().try_for_each(|row| unread::take_out::<Message>(draft, row, None))?;
    match draft.get::<ConversationRow>(&id.bytes()) {
        Ok(Some(row)) => draft.delete(&row)?,
        Ok(None) => {}
        Err(fault) if fault.is_of_one_row() => {
            unread::take_out::<ConversationRow>(draft, &id.bytes(), None)?;
        }
        Err(fault) => return Err(fault.into()),
    }
    Ok(())
}
