//! Tasks: made once, moved along the legal table, ended once.
//!
//! Invariant: the end of the last child that a task waits for ends or wakes that task in the same
//! commit, once.

use std::borrow::Cow;

use appliance_core::{
    AgentName, Conflict, ConversationId, MessageId, Page, PageRequest, Phase, Priority, StreamName,
    Task, TaskId, TaskKind, TaskOutcome, TaskStatus, Thing, Timestamp, UserId, Write,
    batch::ToParent, ports::TaskFilter,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::{Code, UnknownCode, optional},
    conversations,
    counters::next,
    entity::{IdShape, Key, Keyed, Kind, Rule},
    fault::{conflict, invalid},
    messages::CitationV1,
    view::{Read as _, Span, View},
    walk,
};

/// Id: task id.
pub static TASKS: Kind =
    Kind { name: "tasks.v1", id: IdShape::Uuid, keys: &[&BY_OWNER, &BY_PARENT] };

/// Place: owner, 16 bytes; task sequence, 8 bytes big endian.
pub static BY_OWNER: Key = Key::new("tasks_by_owner.v1", Rule::Ordered);

/// Place: parent's id, 16 bytes; task sequence, 8 bytes big endian.
pub static BY_PARENT: Key = Key::new("tasks_by_parent.v1", Rule::Ordered);

/// Most children that one question returns.
const MAX_CHILDREN: usize = 100;

/// A task and its place in the order in which tasks were made.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// The place; 0 in a row of version 1, which does not say.
    pub seq: u64,
    /// The task.
    pub task: Task,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct TaskV1 {
    id: [u8; 16],
    owner: [u8; 16],
    conversation_id: [u8; 16],
    message_id: [u8; 16],
    answer_id: [u8; 16],
    parent_task_id: Option<[u8; 16]>,
    assigned_agent: u8,
    kind: u8,
    priority: u8,
    status: u8,
    attempt: u32,
    input: String,
    outcome: Option<OutcomeV1>,
    pai_phase: Option<u8>,
    started_at: Option<i64>,
    completed_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

/// The frozen form of an outcome, version 1.
#[derive(Serialize, Deserialize)]
pub enum OutcomeV1 {
    /// It was answered.
    Completed {
        /// With this.
        text: String,
        /// On these grounds.
        citations: Vec<CitationV1>,
        /// By this model.
        model: String,
        /// Of this agent.
        agent: u8,
    },
    /// It was not.
    Failed {
        /// Why not.
        error: String,
    },
}

impl From<&TaskOutcome> for OutcomeV1 {
    fn from(outcome: &TaskOutcome) -> Self {
        match outcome.clone() {
            TaskOutcome::Completed { text, citations, model, agent } => Self::Completed {
                text,
                citations: citations.iter().map(CitationV1::from).collect(),
                model,
                agent: agent.code(),
            },
            TaskOutcome::Failed { error } => Self::Failed { error },
        }
    }
}

impl TryFrom<OutcomeV1> for TaskOutcome {
    type Error = UnknownCode;

    fn try_from(frozen: OutcomeV1) -> Result<Self, UnknownCode> {
        Ok(match frozen {
            OutcomeV1::Completed { text, citations, model, agent } => Self::Completed {
                text,
                citations: citations.into_iter().map(Into::into).collect(),
                model,
                agent: AgentName::from_code(agent)?,
            },
            OutcomeV1::Failed { error } => Self::Failed { error },
        })
    }
}

/// The frozen form, version 2: the place is kept.
#[derive(Serialize, Deserialize)]
pub struct TaskV2 {
    before: TaskV1,
    seq: u64,
}

impl Entity for TaskRow {
    type Frozen = TaskV2;
    const KIND: &'static Kind = &TASKS;
    const VERSION: u8 = 2;

    fn freeze(&self) -> TaskV2 {
        TaskV2 { before: TaskV1::from(&self.task), seq: self.seq }
    }

    fn thaw(_id: &[u8], frozen: TaskV2) -> Result<Self, UnknownCode> {
        Ok(Self { seq: frozen.seq, task: Task::try_from(frozen.before)? })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<TaskV1>(place, 1, sealed)?;
            Ok(Self { seq: 0, task: Task::try_from(before)? })
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        self.task.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let seq = self.seq.to_be_bytes();
        let mut keys = vec![BY_OWNER.at(&[&self.task.owner.bytes(), &seq])];
        let parent = self.task.parent_task_id;
        keys.extend(parent.map(|parent| BY_PARENT.at(&[&parent.bytes(), &seq])));
        keys
    }
}

impl From<&Task> for TaskV1 {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id.bytes(),
            owner: task.owner.bytes(),
            conversation_id: task.conversation_id.bytes(),
            message_id: task.message_id.bytes(),
            answer_id: task.answer_id.bytes(),
            parent_task_id: task.parent_task_id.map(|id| id.bytes()),
            assigned_agent: task.assigned_agent.code(),
            kind: task.kind.code(),
            priority: task.priority.code(),
            status: task.status.code(),
            attempt: task.attempt,
            input: task.input.clone(),
            outcome: task.outcome.as_ref().map(OutcomeV1::from),
            pai_phase: task.pai_phase.map(Code::code),
            started_at: task.started_at.map(Timestamp::unix_micros),
            completed_at: task.completed_at.map(Timestamp::unix_micros),
            created_at: task.created_at.unix_micros(),
            updated_at: task.updated_at.unix_micros(),
        }
    }
}

impl TryFrom<TaskV1> for Task {
    type Error = UnknownCode;

    fn try_from(frozen: TaskV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: TaskId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            conversation_id: ConversationId::from_bytes(frozen.conversation_id),
            message_id: MessageId::from_bytes(frozen.message_id),
            answer_id: MessageId::from_bytes(frozen.answer_id),
            parent_task_id: frozen.parent_task_id.map(TaskId::from_bytes),
            assigned_agent: AgentName::from_code(frozen.assigned_agent)?,
            kind: TaskKind::from_code(frozen.kind)?,
            priority: Priority::from_code(frozen.priority)?,
            status: TaskStatus::from_code(frozen.status)?,
            attempt: frozen.attempt,
            input: frozen.input,
            outcome: frozen.outcome.map(TaskOutcome::try_from).transpose()?,
            pai_phase: optional(frozen.pai_phase)?,
            started_at: frozen.started_at.map(Timestamp::from_unix_micros),
            completed_at: frozen.completed_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            updated_at: Timestamp::from_unix_micros(frozen.updated_at),
        })
    }
}

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
    let seq = next(&mut draft.counters.task);
    Ok(draft.replace(None, &TaskRow { seq, task: task.clone() })?)
}

/// Moves a task along the legal table.
pub fn transition(draft: &mut Draft<'_>, id: TaskId, step: Move) -> Result<(), Refusal> {
    let before = require(draft, id)?;
    let mut row = before.clone();
    go(&mut row.task, step)?;
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
    draft.replace(Some(&before), &row)?;
    Ok(row.task)
}

/// Refuses unless the task stands at `attempt` and is not final.
pub fn check_attempt(draft: &mut Draft<'_>, id: TaskId, attempt: u32) -> Result<(), Refusal> {
    let task = require(draft, id)?.task;
    if task.attempt == attempt && !task.status.is_final() {
        return Ok(());
    }
    Err(stands_elsewhere(&task))
}

/// Returns the task.
pub fn get(view: &dyn View, id: TaskId) -> Result<Option<Task>, Fault> {
    Ok(view.row::<TaskRow>(&id.bytes())?.map(|row| row.task))
}

/// Returns tasks of `owner`, newest first.
pub fn list(
    view: &dyn View,
    owner: UserId,
    filter: TaskFilter,
    page: PageRequest,
) -> Result<Page<Task>, Fault> {
    let walk = view.walk_by::<TaskRow>(&BY_OWNER, Span::newest(&owner.bytes(), page.after));
    walk::page(walk, page, |TaskRow { task, .. }| {
        let fits = filter.status.is_none_or(|status| status == task.status)
            && filter.agent.is_none_or(|agent| agent == task.assigned_agent);
        Ok(fits.then_some(task))
    })
}

/// Returns the children of a task, oldest first.
pub fn children(view: &dyn View, parent: TaskId) -> Result<Vec<Task>, Fault> {
    let children = view.walk_by::<TaskRow>(&BY_PARENT, Span::of(&parent.bytes()));
    walk::readable(children).take(MAX_CHILDREN).map(|row| Ok(row?.task)).collect()
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
    task.updated_at = step.at;
    if step.to == TaskStatus::InProgress && task.started_at.is_none() {
        task.started_at = Some(step.at);
    }
    if step.to.is_final() {
        task.completed_at = Some(step.at);
    }
    Ok(())
}
