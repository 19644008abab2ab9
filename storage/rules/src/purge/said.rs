//! Messages and tasks that held a purged text: they stay, empty, so that a thread keeps its order.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, Message, MessageId, Role, TaskId, conversation::title_from};

use super::unread;
use crate::{
    Draft, Fault, Refusal, bus,
    conversations::ConversationRow,
    messages::{BY_ID, MESSAGES},
    tasks::{BY_PARENT, TASKS, TaskRow},
    trailing_seq,
    view::{Read as _, Span, View},
};

/// The sequence of a thread's first message.
const FIRST: u64 = 1;

/// What was emptied.
#[derive(Debug, Default)]
pub(super) struct Emptied {
    /// The messages.
    pub messages: BTreeSet<MessageId>,
    /// The threads that they are of, until somebody looks there for what was drawn from them.
    pub threads: BTreeSet<ConversationId>,
    /// The tasks.
    pub tasks: BTreeSet<TaskId>,
}

/// Empties a message: a person's with its answer and all that was worked on for it, an answer with
/// what its tasks hold of it.
pub(super) fn empty(
    draft: &mut Draft<'_>,
    id: MessageId,
    done: &mut Emptied,
) -> Result<(), Refusal> {
    if !done.messages.insert(id) {
        return Ok(());
    }
    let message = match draft.view().by::<Message>(&BY_ID, &id.bytes()) {
        Ok(Some(message)) => message,
        Ok(None) => return Ok(()),
        Err(fault) if fault.is_of_one_row() => return take_out(draft, id, done),
        Err(fault) => return Err(fault.into()),
    };
    done.threads.insert(message.conversation_id);
    untitle(draft, message.conversation_id, |title| *title == title_from(&message.content))?;
    let (asked, task) = (message.role == Role::User, message.task_id);
    let (citations, leans_on) = (Vec::new(), Vec::new());
    let blank = Message { content: String::new(), citations, leans_on, ..message.clone() };
    draft.replace(Some(&message), &blank)?;
    let Some(task) = task else { return Ok(()) };
    for row in tree(draft, task)? {
        done.tasks.insert(row.task.id);
        empty_task(draft, &row, asked)?;
        if asked {
            empty(draft, row.task.answer_id, done)?;
        }
    }
    Ok(())
}

/// Takes out a message that cannot be read, and empties what was worked on for it.
fn take_out(draft: &mut Draft<'_>, id: MessageId, done: &mut Emptied) -> Result<(), Refusal> {
    let row = unread::if_read(draft.view().find(&MESSAGES, &BY_ID, &id.bytes()))?;
    let Some(row) = row else { return Ok(()) };
    let thread = row.first_chunk().copied().map(ConversationId::from_bytes);
    unread::take_out::<Message>(draft, &row, None)?;
    let Some(thread) = thread else { return Ok(()) };
    done.threads.insert(thread);
    let is_first = trailing_seq(&row) == FIRST; // a thread is named after what is said first
    untitle(draft, thread, |_| is_first)?;
    for row in unread::tasks_of(draft.view(), thread)? {
        let asked = row.task.message_id == id;
        if asked || row.task.answer_id == id {
            done.tasks.insert(row.task.id);
            empty_task(draft, &row, asked)?;
            if asked {
                empty(draft, row.task.answer_id, done)?;
            }
        }
    }
    Ok(())
}

/// Takes what bus entries say beside the ids out of those that belong to `tasks`.
pub(super) fn silence(draft: &mut Draft<'_>, tasks: &BTreeSet<TaskId>) -> Result<(), Refusal> {
    if tasks.is_empty() { Ok(()) } else { bus::tables::silence(draft, tasks) }
}

/// Returns a task and those below it; what cannot be read of them is taken out.
pub(super) fn tree(draft: &mut Draft<'_>, id: TaskId) -> Result<Vec<TaskRow>, Fault> {
    let (mut found, mut wanted) = (Vec::new(), vec![id.bytes().to_vec()]);
    while let Some(id) = wanted.pop() {
        match draft.get::<TaskRow>(&id) {
            Ok(row) => found.extend(row),
            Err(fault) if fault.is_of_one_row() => unread::take_out::<TaskRow>(draft, &id, None)?,
            Err(fault) => return Err(fault),
        }
        wanted.extend(below(draft.view(), &id)?);
    }
    Ok(found)
}

/// Returns the ids of the tasks that are parts of the task `id`.
fn below(view: &dyn View, id: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let places = view.places(&TASKS, &BY_PARENT, &Span::of(id), usize::MAX)?;
    let (found, damaged): (Vec<_>, Vec<_>) =
        places.into_iter().map(|(_, id)| id).partition(Result::is_ok);
    damaged.into_iter().try_for_each(|read| view.readable(read, None).map(drop))?;
    Ok(found.into_iter().flatten().collect())
}

fn empty_task(draft: &mut Draft<'_>, row: &TaskRow, asked: bool) -> Result<(), Fault> {
    let mut blank = row.clone();
    blank.empty(asked);
    draft.replace(Some(row), &blank)
}

/// A title that was taken from a message goes with it.
fn untitle(
    draft: &mut Draft<'_>,
    thread: ConversationId,
    is_from_it: impl Fn(&Option<String>) -> bool,
) -> Result<(), Fault> {
    let found = draft.view().readable(draft.get::<ConversationRow>(&thread.bytes()), None)?;
    let Some(row) = found.flatten().filter(|row| is_from_it(&row.conversation.title)) else {
        return Ok(());
    };
    let mut untitled = row.clone();
    untitled.conversation.title = None;
    draft.replace(Some(&row), &untitled)
}
