//! Messages and tasks that held a purged text: they stay, empty, so that a thread keeps its order.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, Message, MessageId, Role, TaskId, conversation::title_from};

use crate::{
    Draft, Fault, Refusal, bus,
    conversations::ConversationRow,
    messages::BY_ID,
    tasks::{BY_PARENT, TaskRow},
    view::{Read as _, Span},
};

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
    let Some(message) = draft.view().by::<Message>(&BY_ID, &id.bytes())? else { return Ok(()) };
    done.threads.insert(message.conversation_id);
    untitle(draft, &message)?;
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

/// Takes what bus entries say beside the ids out of those that belong to `tasks`.
pub(super) fn silence(draft: &mut Draft<'_>, tasks: &BTreeSet<TaskId>) -> Result<(), Refusal> {
    if tasks.is_empty() { Ok(()) } else { bus::tables::silence(draft, tasks) }
}

/// Returns a task and those below it.
pub(super) fn tree(draft: &Draft<'_>, id: TaskId) -> Result<Vec<TaskRow>, Fault> {
    let mut found: Vec<TaskRow> = draft.get(&id.bytes())?.into_iter().collect();
    let mut at = 0;
    while let Some(row) = found.get(at) {
        let mut below = Vec::new();
        for met in draft.view().walk_by::<TaskRow>(&BY_PARENT, Span::of(&row.task.id.bytes())) {
            below.extend(met?.row.ok());
        }
        found.extend(below);
        at += 1;
    }
    Ok(found)
}

fn empty_task(draft: &mut Draft<'_>, row: &TaskRow, asked: bool) -> Result<(), Fault> {
    let mut blank = row.clone();
    blank.empty(asked);
    draft.replace(Some(row), &blank)
}

/// A title that was taken from the message goes with it.
fn untitle(draft: &mut Draft<'_>, message: &Message) -> Result<(), Fault> {
    let found = draft.get::<ConversationRow>(&message.conversation_id.bytes())?;
    let Some(row) = found.filter(|row| row.conversation.title == title_from(&message.content))
    else {
        return Ok(());
    };
    let mut untitled = row.clone();
    untitled.conversation.title = None;
    draft.replace(Some(&row), &untitled)
}
