//! A task's row as it lies in the file, version by version. None of them ever changes.

use appliance_core::{
    AgentName, ConversationId, MessageId, Priority, Task, TaskId, TaskKind, TaskOutcome,
    TaskStatus, Timestamp, UserId, Wait, WaitReason,
};
use serde::{Deserialize, Serialize};

use super::{
    BY_OWNER, BY_PARENT, TASKS,
    row::{Refers, TaskRow},
};
use crate::{
    Entity, Fault,
    codec::{self, Place},
    codes::{Code, UnknownCode, optional},
    entity::{Keyed, Kind},
    messages::CitationV1,
    stretch::{Stretch, StretchV1},
};

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

/// The frozen form, version 3: texts that messages say are kept as where they stand.
#[derive(Serialize, Deserialize)]
pub struct TaskV3 {
    before: TaskV2,
    asked: Option<StretchV1>,
    told: Option<StretchV1>,
    cites: bool,
}

/// The frozen form, version 4: what the next try waits for is kept.
#[derive(Serialize, Deserialize)]
pub struct TaskV4 {
    before: TaskV3,
    wait: Option<WaitV1>,
}

/// The frozen form of a wait, version 1.
#[derive(Serialize, Deserialize)]
pub struct WaitV1 {
    reason: u8,
    due: i64,
    tries: u32,
}

impl From<Wait> for WaitV1 {
    fn from(wait: Wait) -> Self {
        let Wait { reason, due, tries } = wait;
        Self { reason: reason.code(), due: due.unix_micros(), tries }
    }
}

impl TryFrom<WaitV1> for Wait {
    type Error = UnknownCode;

    fn try_from(frozen: WaitV1) -> Result<Self, UnknownCode> {
        let WaitV1 { reason, due, tries } = frozen;
        let due = Timestamp::from_unix_micros(due);
        Ok(Self { reason: WaitReason::from_code(reason)?, due, tries })
    }
}

impl Entity for TaskRow {
    type Frozen = TaskV4;
    const KIND: &'static Kind = &TASKS;
    const VERSION: u8 = 4;

    fn freeze(&self) -> TaskV4 {
        let Refers { asked, told, cites } = self.refers;
        let before = TaskV2 { before: TaskV1::from(&self.task), seq: self.seq };
        let (asked, told) = (asked.map(Stretch::freeze), told.map(Stretch::freeze));
        let wait = self.task.wait.map(WaitV1::from);
        TaskV4 { before: TaskV3 { before, asked, told, cites }, wait }
    }

    fn thaw(_id: &[u8], frozen: TaskV4) -> Result<Self, UnknownCode> {
        let mut row = Self::try_from(frozen.before)?;
        row.task.wait = frozen.wait.map(Wait::try_from).transpose()?;
        Ok(row)
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = |version: &u8| {
            let TaskV2 { before, seq } = match *version {
                1 => TaskV2 { before: codec::open(place, 1, sealed)?, seq: 0 },
                2 => codec::open(place, 2, sealed)?,
                _ => return Ok(Self::try_from(codec::open::<TaskV3>(place, 3, sealed)?)?),
            };
            Ok(Self::holding(seq, Task::try_from(before)?))
        };
        sealed.first().filter(|version| matches!(version, 1..=3)).map(read)
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

impl TryFrom<TaskV3> for TaskRow {
    type Error = UnknownCode;

    fn try_from(frozen: TaskV3) -> Result<Self, UnknownCode> {
        let TaskV3 { before, asked, told, cites } = frozen;
        let (asked, told) = (asked.map(Stretch::thaw), told.map(Stretch::thaw));
        let refers = Refers { asked, told, cites };
        Ok(Self { seq: before.seq, task: Task::try_from(before.before)?, refers })
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
            wait: None,
            started_at: frozen.started_at.map(Timestamp::from_unix_micros),
            completed_at: frozen.completed_at.map(Timestamp::from_unix_micros),
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            updated_at: Timestamp::from_unix_micros(frozen.updated_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_every_version_reads_as_it_was_written() {
        let due = Timestamp::from_unix_micros(7);
        let task = Task {
            id: TaskId::from_bytes([1; 16]),
            owner: UserId::from_bytes([2; 16]),
            conversation_id: ConversationId::from_bytes([3; 16]),
            message_id: MessageId::from_bytes([4; 16]),
            answer_id: MessageId::from_bytes([5; 16]),
            parent_task_id: None,
            assigned_agent: AgentName::Qa,
            kind: TaskKind::Answer,
            priority: Priority::NORMAL,
            status: TaskStatus::Pending,
            attempt: 2,
            input: "why?".to_owned(),
            outcome: None,
            pai_phase: None,
            wait: Some(Wait { reason: WaitReason::Overloaded, due, tries: 2 }),
            started_at: Some(Timestamp::from_unix_micros(6)),
            completed_at: None,
            created_at: Timestamp::from_unix_micros(5),
            updated_at: Timestamp::from_unix_micros(6),
        };
        let row = TaskRow::holding(9, task.clone());
        let id = row.id();
        let place = Place { table: TASKS.name, key: &id };
        let read = |version, sealed: Vec<u8>| {
            let row = TaskRow::thaw_older(place, &sealed).unwrap().unwrap();
            assert_eq!(row.task, Task { wait: None, ..task.clone() }, "version {version}");
            row.seq
        };
        let third = || row.freeze().before;
        assert_eq!(read(3, codec::seal(place, 3, &third()).unwrap()), 9);
        assert_eq!(read(2, codec::seal(place, 2, &third().before).unwrap()), 9);
        assert_eq!(read(1, codec::seal(place, 1, &third().before.before).unwrap()), 0);
        assert_eq!(TaskRow::thaw(&id, row.freeze()).unwrap().task, task);
    }
}
