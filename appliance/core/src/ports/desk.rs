//! The role of the desk: the server's half of every agent's work. Knows no HTTP.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    Incarnation, MemoryHit, Message, StoreError, Task, TaskId,
    desk::{CareCommand, CareDone, Complete, Delegate, Fail, Lease, Progress, Recall, Work},
    ports::SearchError,
};

/// Why the desk refuses a command.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The lease is not held any more: somebody else has the work. Drop it and ask for the next.
    #[error("the lease on task {0} is not held any more; drop the work and ask for the next")]
    LeaseLost(TaskId),
    /// The command makes no sense for this agent or task.
    #[error("{0}")]
    Refused(String),
    /// The search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hands out work and takes in what agents did. Every state change is one batch that includes the
/// acknowledgement, and the caller's [`Incarnation`] comes from the server, never from the agent.
#[async_trait]
pub trait Desk: fmt::Debug + Send + Sync {
    /// Leases the next piece of work, or `None` once `wait` is over. `held` is what the agent has in
    /// hand; what else it was given never reached it and is handed out again.
    ///
    /// # Errors
    /// As [`DeskError`] tells; so for all methods here.
    async fn lease_next(
        &self,
        who: Incarnation,
        held: &[Lease],
        wait: Duration,
    ) -> Result<Option<Work>, DeskError>;

    /// Extends a lease by another [`LEASE`](crate::bus::LEASE).
    async fn renew(&self, who: Incarnation, lease: &Lease) -> Result<(), DeskError>;

    /// Tells whether `who` holds the lease of the task right now.
    fn holds(&self, who: Incarnation, task: TaskId) -> bool;

    /// Makes a child task for a worker; the caller's task waits and its lease ends.
    async fn delegate(&self, who: Incarnation, command: Delegate) -> Result<Task, DeskError>;

    /// Ends the task with an answer; a root task's answer becomes a message and a memory.
    async fn complete(&self, who: Incarnation, command: Complete) -> Result<(), DeskError>;

    /// Ends the task without an answer, or gives it back for another try.
    async fn fail(&self, who: Incarnation, command: Fail) -> Result<(), DeskError>;

    /// Shows progress to whoever watches.
    async fn progress(&self, who: Incarnation, command: Progress) -> Result<(), DeskError>;

    /// Returns the conversation's last messages before the one to answer, oldest first.
    async fn thread(&self, who: Incarnation, lease: &Lease) -> Result<Vec<Message>, DeskError>;

    /// Searches the memories of the task's owner.
    async fn recall(&self, who: Incarnation, ask: Recall) -> Result<Vec<MemoryHit>, DeskError>;

    /// Keeps, forgets, corrects, rates for the task's owner; asking twice does it once.
    async fn care(&self, who: Incarnation, command: CareCommand) -> Result<CareDone, DeskError>;
}
