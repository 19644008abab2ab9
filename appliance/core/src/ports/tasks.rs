//! The role that reads tasks. Changes none.

use std::fmt;

use async_trait::async_trait;

use crate::{AgentName, Page, PageRequest, StoreError, Task, TaskId, TaskStatus, UserId};

/// What a list of tasks is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// Only tasks in this state.
    pub status: Option<TaskStatus>,
    /// Only tasks of this agent.
    pub agent: Option<AgentName>,
}

/// Reads tasks. Contract: `storage_contract::tasks`.
#[async_trait]
pub trait Tasks: fmt::Debug + Send + Sync {
    /// Returns the task, whoever owns it: for the desk, which checks the lease instead.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn get(&self, id: TaskId) -> Result<Option<Task>, StoreError>;

    /// Returns tasks of `owner`, newest first; the cursor is the store's task sequence.
    async fn list(
        &self,
        owner: UserId,
        filter: TaskFilter,
        page: PageRequest,
    ) -> Result<Page<Task>, StoreError>;

    /// Returns the children of a task, oldest first, at most 100.
    async fn children(&self, parent: TaskId) -> Result<Vec<Task>, StoreError>;
}
