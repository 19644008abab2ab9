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
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode, optional},
        conflict, conversations,
        counters::next,
        invalid,
        messages::CitationV1,
    },
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: task id, 16 bytes. Value: [`TaskV1`].
pub(crate) const TASKS: Rows<Task> = Rows::new("tasks.v1");

/// Key: owner, 16 bytes; task sequence, 8 bytes big endian. Value: task id.
pub(crate) const BY_OWNER: Rows<[u8; 16]> = Rows::new("tasks_by_owner.v1");

/// Key: parent's id, 16 bytes; task sequence, 8 bytes big endian. Value: task id.
pub(crate) const BY_PARENT: Rows<[u8; 16]> = Rows::new("tasks_by_parent.v1");

/// Most children that one question returns.
const MAX_CHILDREN: usize = 100;

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct TaskV1 {
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
pub(crate) enum OutcomeV1 {
    Completed { text: String, citations: Vec<CitationV1>, model: String, agent: u8 },
    Failed { error: String },
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

impl Record for Task {
    type Frozen = TaskV1;

    fn freeze(&self) -> TaskV1 {
        TaskV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            conversation_id: self.conversation_id.bytes(),
            message_id: self.message_id.bytes(),
            answer_id: self.answer_id.bytes(),
            parent_task_id: self.parent_task_id.map(|id| id.bytes()),
            assigned_agent: self.assigned_agent.code(),
            kind: self.kind.code(),
            priority: self.priority.code(),
            status: self.status.code(),
            attempt: self.attempt,
            input: self.input.clone(),
            outcome: self.outcome.as_ref().map(OutcomeV1::from),
            pai_phase: self.pai_phase.map(Code::code),
            started_at: self.started_at.map(Timestamp::unix_micros),
            completed_at: self.completed_at.map(Timestamp::unix_micros),
            created_at: self.created_at.unix_micros(),
            updated_at: self.updated_at.unix_micros(),
        }
    }

    fn thaw(frozen: TaskV1) -> Result<Self, UnknownCode> {
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
pub(crate) struct Move {
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
pub(crate) fn put(draft: &mut Draft<'_, '_>, task: &Task) -> Result<(), Refusal> {
    let id = task.id.bytes();
    draft.counters.note(id);
    draft.counters.note(task.answer_id.bytes());
    if draft.has(&TASKS, &id)? {
        return Err(conflict(Conflict::Exists(Thing::Task(task.id))));
    }
    if conversations::require(draft, task.conversation_id)?.conversation.owner != task.owner {
        let (thread, owner) = (task.conversation_id, task.owner);
        return Err(invalid(format!("conversation {thread} does not belong to user {owner}")));
    }
    let seq = next(&mut draft.counters.task).to_be_bytes();
    if let Some(parent) = task.parent_task_id {
        require(draft, parent)?;
        draft.put(&BY_PARENT, &key(&[&parent.bytes(), &seq]), &id)?;
    }
    draft.put(&BY_OWNER, &key(&[&task.owner.bytes(), &seq]), &id)?;
    Ok(draft.put(&TASKS, &id, task)?)
}

/// Moves a task along the legal table.
pub(crate) fn transition(draft: &mut Draft<'_, '_>, id: TaskId, step: Move) -> Result<(), Refusal> {
    let mut task = require(draft, id)?;
    go(&mut task, step)?;
    Ok(draft.put(&TASKS, &id.bytes(), &task)?)
}

/// Ends a task; returns what follows for the parent, if this was the last that it waited for.
pub(crate) fn complete<'a>(
    draft: &mut Draft<'_, '_>,
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
fn no_longer_waits(draft: &mut Draft<'_, '_>, id: TaskId) -> Result<Option<Task>, Refusal> {
    let parent = require(draft, id)?;
    if parent.status != TaskStatus::Waiting {
        return Ok(None);
    }
    for child in draft.all_of(&BY_PARENT, &id.bytes())? {
        if !draft.follow(&TASKS, &child, BY_PARENT.name)?.status.is_final() {
            return Ok(None);
        }
    }
    Ok(Some(parent))
}

fn end(
    draft: &mut Draft<'_, '_>,
    id: TaskId,
    outcome: &TaskOutcome,
    at: Timestamp,
) -> Result<Task, Refusal> {
    let mut task = require(draft, id)?;
    let to = match outcome {
        TaskOutcome::Completed { .. } => TaskStatus::Completed,
        TaskOutcome::Failed { .. } => TaskStatus::Failed,
    };
    go(&mut task, Move { to, attempt: None, phase: None, at })?;
    task.outcome = Some(outcome.clone());
    draft.put(&TASKS, &id.bytes(), &task)?;
    Ok(task)
}

/// Refuses unless the task stands at `attempt` and is not final.
pub(crate) fn check_attempt(
    draft: &mut Draft<'_, '_>,
    id: TaskId,
    attempt: u32,
) -> Result<(), Refusal> {
    let task = require(draft, id)?;
    if task.attempt == attempt && !task.status.is_final() {
        return Ok(());
    }
    Err(stands_elsewhere(&task))
}

/// Returns the task.
pub(crate) fn get(snapshot: &Snapshot, id: TaskId) -> Result<Option<Task>, Fault> {
    snapshot.get(&TASKS, &id.bytes())
}

/// Returns tasks of `owner`, newest first.
pub(crate) fn list(
    snapshot: &Snapshot,
    owner: UserId,
    filter: TaskFilter,
    page: PageRequest,
) -> Result<Page<Task>, Fault> {
    snapshot.newest_first(&BY_OWNER, &owner.bytes(), page, |id| {
        let task = snapshot.follow(&TASKS, &id, BY_OWNER.name)?;
        let fits = filter.status.is_none_or(|status| status == task.status)
            && filter.agent.is_none_or(|agent| agent == task.assigned_agent);
        Ok(fits.then_some(task))
    })
}

/// Returns the children of a task, oldest first.
pub(crate) fn children(snapshot: &Snapshot, parent: TaskId) -> Result<Vec<Task>, Fault> {
    let mut found = Vec::new();
    snapshot.ascend(&BY_PARENT, &parent.bytes(), 0, |_, id| {
        found.push(snapshot.follow(&TASKS, &id, BY_PARENT.name)?);
        Ok(found.len() < MAX_CHILDREN)
    })?;
    Ok(found)
}

fn require(draft: &mut Draft<'_, '_>, id: TaskId) -> Result<Task, Refusal> {
    draft.get(&TASKS, &id.bytes())?.ok_or_else(|| invalid(format!("there is no task {id}")))
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
