//! Tasks and the moves they may make. Runs none.
//!
//! Invariant: [`TaskStatus::may_become`] is the only table of legal moves; the store checks it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AgentName, Citation, ConversationId, MessageId, Phase, Priority, TaskId, Timestamp, UserId,
    Wait,
};

/// Where a task stands, from the plan's `tasks.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Stored and on the bus, nobody has it.
    Pending,
    /// Given to an agent that has not begun.
    Assigned,
    /// An agent works on it under a lease.
    InProgress,
    /// Waits for its child tasks.
    Waiting,
    /// Done; its output is stored.
    Completed,
    /// Given up; its error is stored.
    Failed,
    /// Called off by its owner.
    Cancelled,
}

impl TaskStatus {
    /// All states, in the order of a task's life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Assigned,
        Self::InProgress,
        Self::Waiting,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Tells whether a task in this state may move to `to`.
    ///
    /// `InProgress -> InProgress` is a redelivery: the same work with a higher attempt.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use TaskStatus::{Assigned, Cancelled, Completed, Failed, InProgress, Pending, Waiting};
        match self {
            Pending => matches!(to, Assigned | InProgress | Failed | Cancelled),
            Assigned => matches!(to, Pending | InProgress | Failed | Cancelled),
            InProgress => {
                matches!(to, Pending | InProgress | Waiting | Completed | Failed | Cancelled)
            }
            Waiting => matches!(to, InProgress | Completed | Failed | Cancelled),
            Completed | Failed | Cancelled => false,
        }
    }

    /// Tells whether nothing more will happen to a task in this state.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Returns the state on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for TaskStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            format!(
                "there is no task status `{text}`; the statuses are pending, assigned, \
                 in_progress, waiting, completed, failed, cancelled"
            )
        })
    }
}

/// What a task asks for; the plan's `tasks.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A person's message, for the supervisor: route it and return the answer.
    Message,
    /// A part of it, for one worker: answer it.
    Answer,
}

impl TaskKind {
    /// Returns the kind on the wire and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Answer => "answer",
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskOutcome {
    /// It has an answer.
    Completed {
        /// The answer's text, byte for byte.
        text: String,
        /// The memories it used.
        citations: Vec<Citation>,
        /// The model that wrote it.
        model: String,
        /// The worker that wrote it.
        agent: AgentName,
    },
    /// It was given up; the sentence says why and what to do.
    Failed {
        /// One sentence for the person who asked.
        error: String,
    },
}

/// A unit of work for one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Identity.
    pub id: TaskId,
    /// Whose message started it; scopes all that the agent may recall.
    pub owner: UserId,
    /// The thread its answer belongs to.
    pub conversation_id: ConversationId,
    /// The message that started it.
    pub message_id: MessageId,
    /// The id that the final answer will have; chunks carry it before the record exists.
    pub answer_id: MessageId,
    /// The task that waits for this one.
    pub parent_task_id: Option<TaskId>,
    /// Who works on it.
    pub assigned_agent: AgentName,
    /// What it asks for.
    pub kind: TaskKind,
    /// 10 is highest.
    pub priority: Priority,
    /// Where it stands.
    pub status: TaskStatus,
    /// How often it was handed out, 0 before the first time.
    pub attempt: u32,
    /// What to work on: the message's text, byte for byte.
    pub input: String,
    /// How it ended.
    pub outcome: Option<TaskOutcome>,
    /// The phase of the Algorithm it is in.
    pub pai_phase: Option<Phase>,
    /// What its next try waits for; over with the next move.
    #[serde(default)]
    pub wait: Option<Wait>,
    /// When it was first handed out.
    pub started_at: Option<Timestamp>,
    /// When it reached a final state.
    pub completed_at: Option<Timestamp>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::TaskStatus;

    #[test]
    fn a_final_state_is_never_left() {
        for from in TaskStatus::ALL {
            for to in TaskStatus::ALL {
                assert!(!(from.is_final() && from.may_become(to)), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn every_open_state_can_be_cancelled_and_failed() {
        for from in TaskStatus::ALL.into_iter().filter(|s| !s.is_final()) {
            assert!(from.may_become(TaskStatus::Cancelled) && from.may_become(TaskStatus::Failed));
        }
    }
}
