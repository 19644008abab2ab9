//! The message schema on the bus, as the plan draws it (lines 310-333). Sends nothing.
//!
//! Invariant: `source` is stamped by the server; what an agent claims is never taken over.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AgentName, EnvelopeId, MemoryId, TaskId, Timestamp};

/// Urgency in 1..=10; 10 is highest, 5 the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// The middle: 5.
    pub const NORMAL: Self = Self(5);

    /// Accepts 1..=10.
    ///
    /// # Errors
    /// A sentence that names the value and the range.
    pub fn new(value: u8) -> Result<Self, String> {
        if (1..=10).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("priority is {value}, it must be 1 to 10 (10 is highest)"))
        }
    }

    /// Tells whether this goes to the urgent stream (8 to 10).
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        self.0 >= 8
    }
}

impl TryFrom<u8> for Priority {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        Self::new(value)
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}

/// The seven phases of the Algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Phase {
    /// Gather context.
    Observe,
    /// Generate options.
    Think,
    /// Select an approach.
    Plan,
    /// Define criteria.
    Build,
    /// Perform the work.
    Execute,
    /// Test against the criteria.
    Verify,
    /// Extract insights.
    Learn,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Observe => "OBSERVE",
            Self::Think => "THINK",
            Self::Plan => "PLAN",
            Self::Build => "BUILD",
            Self::Execute => "EXECUTE",
            Self::Verify => "VERIFY",
            Self::Learn => "LEARN",
        })
    }
}

/// What an envelope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeKind {
    /// Work to do.
    Task,
    /// The end of a task that somebody waits for.
    Result,
    /// Work passed on with its ownership.
    Handoff,
    /// A question between agents.
    Query,
    /// A sign of life.
    Heartbeat,
    /// Something learned.
    Learn,
}

impl EnvelopeKind {
    /// Returns the kind on the wire and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Result => "result",
            Self::Handoff => "handoff",
            Self::Query => "query",
            Self::Heartbeat => "heartbeat",
            Self::Learn => "learn",
        }
    }
}

/// Who sent an envelope: the server itself, or one of the six.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The server, on behalf of a person.
    Server,
    /// An agent, as the server knows it.
    Agent(AgentName),
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.pad("server"),
            Self::Agent(name) => name.fmt(f),
        }
    }
}

impl FromStr for Sender {
    type Err = crate::agent::UnknownAgent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "server" { Ok(Self::Server) } else { text.parse().map(Self::Agent) }
    }
}

impl Serialize for Sender {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sender {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What an envelope carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The task it is about.
    pub task_id: TaskId,
    /// What to do with it, such as `route` or `answer`.
    pub action: String,
    /// Further JSON, kept as its text (an object; `{}` when empty).
    pub context: String,
    /// Memories that belong to it.
    pub memory_refs: Vec<MemoryId>,
}

/// Where the task stands in the Algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pai {
    /// The phase the sender is in.
    pub algorithm_phase: Option<Phase>,
    /// What must hold for the work to be done.
    pub verification_criteria: Vec<String>,
    /// What was learned on the way.
    pub learning_signals: Vec<String>,
}

/// One message on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Identity.
    pub id: EnvelopeId,
    /// When it was sent.
    pub timestamp: Timestamp,
    /// Who sent it; stamped by the server.
    pub source: Sender,
    /// Whom it is for.
    pub target: AgentName,
    /// What it is about; `type` on the wire.
    #[serde(rename = "type")]
    pub kind: EnvelopeKind,
    /// 10 is highest.
    pub priority: Priority,
    /// What it carries.
    pub payload: Payload,
    /// Where the task stands in the Algorithm.
    pub pai: Pai,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_is_one_to_ten() {
        assert!(Priority::new(0).is_err() && Priority::new(11).is_err());
        assert!(Priority::new(8).is_ok_and(Priority::is_urgent));
        assert!(!Priority::NORMAL.is_urgent());
    }
}
