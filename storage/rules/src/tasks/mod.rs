//! Tasks: made once, moved along the legal table, ended once.
//!
//! `row` is how one is stored, `read` how it is asked for. What a task was asked and what it ended
//! with stay in the messages that say so.
//!
//! Invariant: the end of the last child that a task waits for ends or wakes that task in the same
//! commit, once.

mod frozen;
mod read;
mod row;

use std::{borrow::Cow, collections::BTreeSet};

use appliance_core::{
    Conflict, Message, Phase, StreamName, Task, TaskId, TaskKind, TaskOutcome, TaskStatus, Thing,
    Timestamp, UserId, Wait, Write, batch::ToParent,
};

pub use read::{children, get, is_open, list, wait_left};
pub use row::TaskRow;

use crate::{
    Draft, Fault, Refusal, conversations,
    counters::next,
    entity::{IdShape, Key, Kind, Rule},
    fault::{conflict, invalid},
    view::{Read as _, Span},
    walk,
};

/// Id: task id.
pub static TASKS: Kind =
    Kind { name: "tasks.v1", id: IdShape::Uuid, keys: &[&BY_OWNER, &BY_PARENT] };

/// Place: owner, 16 bytes; task sequence, 8 bytes big endian.
pub static BY_OWNER: Key = Key::new("tasks_by_owner.v1", Rule::Ordered);

/// Place: parent's id, 16 bytes; task sequence, 8 bytes big endian.
pub static BY_PARENT: Key = Key::new("tasks_by_parent.v1", Rule::Ordered);

/// A move of a task.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// Where to.
    pub to: TaskStatus,
    /// The new attempt, if any.
    pub attempt: Option<u32>,
    /// The new phase, if any.
    pub phase: Option<Phase>,
    /// When.
    pub at: Timestamp,
}

/// Makes a task.
pub fn put(draft: &mut Draft<'_>, task: &Task) -> Result<(), Refusal> {
    let id = task.id.bytes();
    draft.counters.note(id);
    draft.counters.note(task.answer_id.bytes());
    if draft.has::<TaskRow>(&id)? {
        return Err(conflict(Conflict::Exists(Thing::Task(task.id))));
    }
    if conversations::require(draft, task.conversation_id)?.conversation.owner != task.owner {
        let (thread, owner) = (task.conversation_id, task.owner);
        return Err(invalid(format!("conversation {thread} does not belong to user {owner}")));
    }
    if let Some(parent) = task.parent_task_id {
        require(draft, parent)?;
    }
    let mut row = TaskRow::holding(next(&mut draft.counters.task), task.clone());
    row.refer(draft.view())?;
    Ok(draft.replace(None, &row)?)
}

/// Moves a task along the legal table.
pub fn transition(draft: &mut Draft<'_>, id: TaskId, step: Move) -> Result<(), Refusal> {
    let before = require(draft, id)?;
    let mut row = before.clone();
    go(&mut row.task, step)?;
    Ok(draft.replace(Some(&before), &row)?)
}

/// Moves a task back to where nobody has it, and puts its next try off.
pub fn hold(draft: &mut Draft<'_>, id: TaskId, wait: Wait, at: Timestamp) -> Result<(), Refusal> {
    let before = require(draft, id)?;
    let mut row = before.clone();
    go(&mut row.task, Move { to: TaskStatus::Pending, attempt: None, phase: None, at })?;
    row.task.wait = Some(wait);
    Ok(draft.replace(Some(&before), &row)?)
}

/// Ends a task; returns what follows for the parent, if this was the last that it waited for.
pub fn complete<'a>(
    draft: &mut Draft<'_>,
    id: TaskId,
    outcome: &TaskOutcome,
    at: Timestamp,
    to_parent: Option<&'a ToParent>,
) -> Result<Cow<'a, [Write]>, Refusal> {
    let Some(parent) = end(draft, id, outcome, at)?.parent_task_id else {
        return Ok(Cow::Borrowed(&[]));
    };
    let told = to_parent.ok_or_else(|| unsaid(id, parent))?;
    let Some(parent) = no_longer_waits(draft, parent)? else { return Ok(Cow::Borrowed(&[])) };
    if parent.kind == TaskKind::Message {
        end(draft, parent.id, outcome, at)?;
        return Ok(Cow::Borrowed(&told.ends));
    }
    if told.wakes.payload.task_id != parent.id || told.wakes.target != parent.assigned_agent {
        return Err(unsaid(id, parent.id));
    }
    let stream = StreamName::of_agent(parent.assigned_agent, parent.priority);
    Ok(Cow::Owned(vec![Write::AppendBus { stream, envelope: told.wakes.clone() }]))
}

fn unsaid(id: TaskId, parent: TaskId) -> Refusal {
    invalid(format!("task {id} is a part of {parent}, and its end must say what that is told"))
}

/// Returns the task if it waits and all its children have ended.
fn no_longer_waits(draft: &mut Draft<'_>, id: TaskId) -> Result<Option<Task>, Refusal> {
    let parent = require(draft, id)?.task;
    if parent.status != TaskStatus::Waiting {
        return Ok(None);
    }
    for met in draft.view().walk_by::<TaskRow>(&BY_PARENT, Span::of(&id.bytes())) {
        if !met?.row?.task.status.is_final() {
            return Ok(None);
        }
    }
    Ok(Some(parent))
}

fn end(
    draft: &mut Draft<'_>,
    id: TaskId,
    outcome: &TaskOutcome,
    at: Timestamp,
) -> Result<Task, Refusal> {
    let before = require(draft, id)?;
    let mut row = before.clone();
    let to = match outcome {
        TaskOutcome::Completed { .. } => TaskStatus::Completed,
        TaskOutcome::Failed { .. } => TaskStatus::Failed,
    };
    go(&mut row.task, Move { to, attempt: None, phase: None, at })?;
    row.task.outcome = Some(outcome.clone());
    row.refer(draft.view())?;
    draft.replace(Some(&before), &row)?;
    Ok(row.task)
}

/// Has the tasks that `message` answers refer to it, now that it is there.
///
/// # Errors
/// The adapter's failure.
pub fn answered(draft: &mut Draft<'_>, message: &Message) -> Result<(), Fault> {
    let Some(id) = message.task_id else { return Ok(()) };
    for mut row in with_parts(draft, id)? {
        let before = row.clone();
        if row.refer(draft.view())? {
            draft.replace(Some(&before), &row)?;
        }
    }
    Ok(())
}

/// Returns a task and its parts, as far as they can be read.
fn with_parts(draft: &Draft<'_>, id: TaskId) -> Result<Vec<TaskRow>, Fault> {
    let view = draft.view();
    let mut found: Vec<TaskRow> =
        view.readable(draft.get(&id.bytes()), None)?.flatten().into_iter().collect();
    for row in walk::readable(view.walk_by::<TaskRow>(&BY_PARENT, Span::of(&id.bytes()))) {
        found.push(row?);
    }
    Ok(found)
}

/// Refuses unless the task stands at `attempt` and is not final.
pub fn check_attempt(draft: &mut Draft<'_>, id: TaskId, attempt: u32) -> Result<(), Refusal> {
    let task = require(draft, id)?.task;
    if task.attempt == attempt && !task.status.is_final() {
        return Ok(());
    }
    Err(stands_elsewhere(&task))
}

/// Takes those of `in_hand` that are `owner`'s out of the hands that work on them: who has read what is
/// purged now does not end a task with it. Each is handed out again and begun anew.
pub(crate) fn begin_anew(
    draft: &mut Draft<'_>,
    owner: UserId,
    in_hand: &BTreeSet<TaskId>,
) -> Result<(), Refusal> {
    for id in in_hand {
        let found = draft.view().readable(draft.get::<TaskRow>(&id.bytes()), None)?;
        let Some(before) = found.flatten() else { continue };
        if before.task.owner == owner && before.task.status == TaskStatus::InProgress {
            let mut row = before.clone();
            row.task.attempt = row.task.attempt.saturating_add(1);
            draft.replace(Some(&before), &row)?;
        }
    }
    Ok(())
}

fn require(draft: &mut Draft<'_>, id: TaskId) -> Result<TaskRow, Refusal> {
    draft.get(&id.bytes())?.ok_or_else(|| invalid(format!("there is no task {id}")))
}

fn stands_elsewhere(task: &Task) -> Refusal {
    conflict(Conflict::TaskMoved { id: task.id, status: task.status, attempt: task.attempt })
}

fn go(task: &mut Task, step: Move) -> Result<(), Refusal> {
    if !task.status.may_become(step.to) {
        return Err(stands_elsewhere(task));
    }
    task.status = step.to;
    task.attempt = step.attempt.unwrap_or(task.attempt);
    task.pai_phase = step.phase.or(task.pai_phase);
    task.wait = None;
    task.updated_at = step.at;
    if step.to == TaskStatus::InProgress && task.started_at.is_none() {
        task.started_at = Some(step.at);
    }
    if step.to.is_final() {
        task.completed_at = Some(step.at);
    }
    Ok(())
}
