//! The six agents: their names, their states and what the fleet tells about them. Starts none.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{IncarnationId, TaskId, Timestamp};

/// The six agents, the same six everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentName {
    /// Routes every message to one worker and returns its answer.
    Supervisor,
    /// Git, coding, refactoring, debugging.
    Code,
    /// SQL, analysis, ETL, backups.
    Data,
    /// Docker, nginx, domains, TLS, monitoring.
    Infra,
    /// Web search, documents, synthesis, learning.
    Research,
    /// Testing, review, security, validation.
    Qa,
}

impl AgentName {
    /// All six, in the order of their tmux windows 0 to 5.
    pub const ALL: [Self; 6] =
        [Self::Supervisor, Self::Code, Self::Data, Self::Infra, Self::Research, Self::Qa];

    /// The five that the supervisor can route to.
    pub const WORKERS: [Self; 5] = [Self::Code, Self::Data, Self::Infra, Self::Research, Self::Qa];

    /// Returns the name on the wire, in stream names and in file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Code => "code",
            Self::Data => "data",
            Self::Infra => "infra",
            Self::Research => "research",
            Self::Qa => "qa",
        }
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that none of the six has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no agent `{0}`; the agents are supervisor, code, data, infra, research, qa")]
pub struct UnknownAgent(pub String);

impl FromStr for AgentName {
    type Err = UnknownAgent;

    /// Accepts `code` and the plan's longer `code_agent`.
    fn from_str(text: &str) -> Result<Self, UnknownAgent> {
        let short = text.strip_suffix("_agent").unwrap_or(text);
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == short)
            .ok_or_else(|| UnknownAgent(text.chars().take(80).collect()))
    }
}

/// What an agent is doing, from the plan's `agent_heartbeats.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Its process was started and has not said hello.
    Starting,
    /// Said hello, not yet asked for work.
    Running,
    /// Waiting for work.
    Idle,
    /// Working on a task.
    Busy,
    /// Told to stop, finishing.
    Stopping,
    /// Not running, on purpose.
    Stopped,
    /// Died or went silent; being restarted or in quarantine.
    Error,
    /// Never heard of.
    Unknown,
}

impl AgentState {
    /// Returns the state on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// What the fleet knows of one agent at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Which agent.
    pub name: AgentName,
    /// What it does.
    pub state: AgentState,
    /// What it is for, one line.
    pub description: String,
    /// Process id while it runs.
    pub pid: Option<u32>,
    /// This life of it.
    pub incarnation: Option<IncarnationId>,
    /// The tasks it has in hand, the one leased first first.
    pub tasks: Vec<TaskId>,
    /// Seconds since its last heartbeat, on the monotonic clock.
    pub heartbeat_age_seconds: Option<f64>,
    /// How often it was restarted since it was last healthy for five minutes.
    pub restarts: u32,
    /// When this life began.
    pub started_at: Option<Timestamp>,
    /// Why it does not run though it should, with the way out.
    pub problem: Option<String>,
    /// The command that shows its window, to copy into a terminal; `None` without tmux.
    pub attach: Option<String>,
}

/// What a person can tell the fleet to do with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Start it if it is stopped; lifts quarantine.
    Start,
    /// Let it finish its task for up to the drain time, then stop it.
    Stop,
    /// Stop and start.
    Restart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_accepted_short_and_long() {
        assert_eq!("code_agent".parse(), Ok(AgentName::Code));
        assert_eq!("qa".parse(), Ok(AgentName::Qa));
        let Err(unknown) = "chef".parse::<AgentName>() else { panic!("`chef` is no agent") };
        assert!(unknown.to_string().contains("`chef`"));
    }
}
