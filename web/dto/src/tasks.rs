//! Tasks on the wire.

use serde::{Deserialize, Serialize};

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

/// Answer of `GET /api/tasks`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskList {
    /// The page.
    pub items: Vec<TaskView>,
    /// Pass as `cursor` for the next page; absent at the end.
    pub next_cursor: Option<String>,
}
