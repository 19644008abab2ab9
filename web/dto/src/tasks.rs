//! Tasks on the wire.

use serde::{Deserialize, Serialize};

use crate::agent_title;

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// Identity.
    pub id: String,
    /// The thread its answer belongs to.
    pub conversation_id: String,
    /// The id its answer will have.
    #[serde(default)]
    pub answer_id: String,
    /// The task that waits for it.
    pub parent_task_id: Option<String>,
    /// Who works on it.
    pub agent: String,
    /// `message` or `answer`.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1..=10, 10 is highest.
    pub priority: u8,
    /// `pending assigned in_progress waiting completed failed cancelled`.
    pub status: String,
    /// How often it was handed out.
    pub attempt: u32,
    /// The phase of the Algorithm it is in.
    pub phase: Option<String>,
    /// What its next try waits for, or that of a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitView>,
    /// What it was asked.
    pub input: String,
    /// Its answer.
    pub output: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub started_at: Option<String>,
    /// RFC 3339.
    pub completed_at: Option<String>,
    /// Its parts; in a list only those of a task that waits for them.
    #[serde(default)]
    pub children: Vec<TaskView>,
}

/// Why a task is tried again later, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitView {
    /// `rate_limited`, `overloaded` or `unreachable`.
    pub reason: String,
    /// When the next try is due, RFC 3339, by the server's clock.
    pub due: String,
    /// What is left of it as this is told, in milliseconds.
    pub left_ms: u64,
    /// Tries so far.
    pub tries: u32,
}

impl WaitView {
    /// Says who waits for what, with so much of it left.
    #[must_use]
    pub fn words(&self, agent: &str, left_ms: u64) -> String {
        let name = agent_title(agent).unwrap_or(agent);
        let why = match self.reason.as_str() {
            "rate_limited" => "rate-limited",
            "overloaded" => "the model is overloaded",
            _ => "the model cannot be reached",
        };
        match left_ms.div_ceil(1_000) {
            0 => format!("{name}: {why}, trying again"),
            seconds => format!("{name}: {why}, next try in {seconds} s"),
        }
    }
}

/// Answer of `GET /api/tasks`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskList {
    /// The page.
    pub items: Vec<TaskView>,
    /// Pass as `cursor` for the next page; absent at the end.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::WaitView;

    #[test]
    fn a_wait_says_who_waits_for_what_and_how_long() {
        let wait = |reason: &str| WaitView {
            reason: reason.to_owned(),
            due: String::new(),
            left_ms: 0,
            tries: 1,
        };
        let told = wait("rate_limited").words("research", 17_001);
        assert_eq!(told, "Research: rate-limited, next try in 18 s");
        assert_eq!(wait("rate_limited").words("qa", 0), "QA: rate-limited, trying again");
        let told = wait("overloaded").words("code", 1_000);
        assert_eq!(told, "Code: the model is overloaded, next try in 1 s");
    }
}
