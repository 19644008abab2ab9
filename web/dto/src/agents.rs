//! The six agents on the wire.

use serde::{Deserialize, Serialize};

/// One agent as it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// Its name.
    pub name: String,
    /// `starting running idle busy stopping stopped error unknown`.
    pub status: String,
    /// What it is for.
    pub description: String,
    /// Process id while it runs.
    pub pid: Option<u32>,
    /// The task that it has worked on longest.
    pub current_task: Option<String>,
    /// All that it has in hand, that one first.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Seconds since its last heartbeat.
    pub heartbeat_age_seconds: Option<f64>,
    /// Restarts since it was last healthy for five minutes.
    pub restarts: u32,
    /// When this life began, RFC 3339.
    pub started_at: Option<String>,
    /// Why it does not run though it should.
    pub problem: Option<String>,
    /// The command that shows its window.
    pub attach: Option<String>,
}

/// Answer of `GET /api/agents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentList {
    /// All six, in window order.
    pub agents: Vec<AgentView>,
}

/// Answer of `GET /api/agents/{name}/log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLog {
    /// Its name.
    pub name: String,
    /// What its window shows, oldest line first.
    pub text: String,
}

/// Returns what people call an agent.
#[must_use]
pub fn agent_title(name: &str) -> Option<&'static str> {
    Some(match name {
        "supervisor" => "Supervisor",
        "code" => "Code",
        "data" => "Data",
        "infra" => "Infra",
        "research" => "Research",
        "qa" => "QA",
        _ => return None,
    })
}
