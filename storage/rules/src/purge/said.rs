//! Messages and tasks that held a purged text: they stay, empty, so that a thread keeps its order.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, Message, MessageId, Role, TaskId, conversation::is_title_of};

use super::{
    traces,
    unread::{self, Sought},
};
use crate::{
    Draft, Fault, Refusal, bus,
    conversations::ConversationRow,
    tasks::{BY_PARENT, TASKS, TaskRow},
    view::{Read as _, Span, View},
    walk::Met,
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
    let message = match unread::message(draft.view(), id)? {
        Sought::Whole(message) => message,
        Sought::Unread(row) => return take_out(draft, id, &row, done),
        Sought::Nowhere => return Ok(()),
    };
    done.threads.insert(message.conversation_id);
    untitle(draft, message.conversation_id, |title| {
        is_title_of(title.as_deref(), &message.content)
    })?;
    let (asked, task) = (message.role == Role::User, message.task_id);
    let (citations, leans_on) = (Vec::new(), Vec::new());
    let blank = Message { content: String::new(), citations, leans_on, ..message.clone() };
    draft.replace(Some(&message), &blank)?;
    let Some(task) = task else { return Ok(()) };
    let Tree { rows, unread } = tree(draft, task)?;
    for row in rows {
        done.tasks.insert(row.task.id);
        empty_task(draft, &row, asked)?;
        if asked {
            empty(draft, row.task.answer_id, done)?;
        }
    }
    if asked && !unread.is_empty() {
        empty_answers(draft, &message, done)?;
    }
    done.tasks.extend(unread);
    Ok(())
}

/// Empties the answers to a message some of whose tasks, which name their answers, cannot be read.
fn empty_answers(
    draft: &mut Draft<'_>,
    asked: &Message,
    done: &mut Emptied,
) -> Result<(), Refusal> {
    let said = traces::messages(draft.view(), asked.conversation_id)?;
    let mut answers = said.into_iter().filter(|it| it.parent_message_id == Some(asked.id));
    answers.try_for_each(|answer| empty(draft, answer.id, done))
}

/// Takes out a message whose `row` cannot be read, and empties what was worked on for it.
fn take_out(
    draft: &mut Draft<'_>,
    id: MessageId,
    row: &[u8],
    done: &mut Emptied,
) -> Result<(), Refusal> {
    unread::take_out::<Message>(draft, row, None)?;
    let thread = row.first_chunk().copied().map(ConversationId::from_bytes);
    let Some(thread) = thread else { return Ok(()) };
    done.threads.insert(thread);
    // The thread may be named after it, if it is not after what can be read.
    let said = traces::messages(draft.view(), thread)?;
    let names = |title: &Option<String>| {
        said.iter().any(|it| it.role == Role::User && is_title_of(title.as_deref(), &it.content))
    };
    untitle(draft, thread, |title| !names(title))?;
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

/// A task and those below it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Those that can be read.
    pub rows: Vec<TaskRow>,
    /// The others, which are gone.
    pub unread: Vec<TaskId>,
}

/// Returns a task and those below it; what cannot be read of them is taken out.
pub(super) fn tree(draft: &mut Draft<'_>, id: TaskId) -> Result<Tree, Fault> {
    let (mut found, mut wanted) = (Tree::default(), vec![id]);
    while let Some(id) = wanted.pop() {
        wanted.extend(below(draft.view(), id)?);
        match draft.get::<TaskRow>(&id.bytes()) {
            Ok(row) => found.rows.extend(row),
            Err(fault) if fault.is_of_one_row() => {
                unread::take_out::<TaskRow>(draft, &id.bytes(), None)?;
                found.unread.push(id);
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(found)
}

/// Returns the tasks that are parts of the task `id`.
fn below(view: &dyn View, id: TaskId) -> Result<Vec<TaskId>, Fault> {
    let (mut found, prefix) = (Vec::new(), id.bytes());
    for met in view.walk_by::<TaskRow>(&BY_PARENT, Span::of(&prefix)) {
        let Met { place, row } = met?;
        match row {
            Ok(row) => found.push(row.task.id),
            Err(_) if place.starts_with(&prefix) => {
                let part = unread::if_read(view.find(&TASKS, &BY_PARENT, &place))?;
                found.extend(part.and_then(|id| id.first_chunk().copied()).map(TaskId::from_bytes));
            }
            Err(_) => {} // a page that leads elsewhere
        }
    }
    Ok(found)
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
    let found = draft.view().noted(draft.get::<ConversationRow>(&thread.bytes()))?;
    let Some(row) = found.flatten().filter(|row| is_from_it(&row.conversation.title)) else {
        return Ok(());
    };
    let mut untitled = row.clone();
    untitled.conversation.title = None;
    draft.replace(Some(&row), &untitled)
}
