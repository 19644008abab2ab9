//! The desk: hands work to agents and takes in what they did. Speaks no HTTP, starts no process.
//!
//! Step 3 of the walkthrough on the server's side. One command, one file; each state change is one
//! batch that includes the acknowledgement and the fence of the lease, under a key derived from the
//! delivery, so that a retried request changes nothing. Live events follow the commit; a repeat
//! publishes them again, because the first try may have been cut off between the two.
//!
//! Invariant: an entry leaves the bus only in the batch that stores what became of it.

mod care;
mod claim;
mod complete;
mod delegate;
mod ending;
mod fail;
mod gate;
mod held;
mod leaning;
mod lease_next;
mod progress;
mod recall;
mod recalled;
mod signals;
mod thread;

use std::{sync::Arc, time::Duration};

use appliance_core::{
    EventBody, IdMint, Incarnation, MemoryHit, Message, Task, TaskId, Topic,
    bus::AGENTS_GROUP,
    desk::{CareCommand, CareDone, Complete, Delegate, Fail, Lease, Progress, Recall, Work},
    ports::{
        Conversations, Desk, DeskError, Live, Memories, MemoryCare, MemorySearch, Records, Streams,
        Tasks,
    },
};
use async_trait::async_trait;
use pai::learning::Tree;

use self::{held::Held, recalled::Recalled};

/// What the desk works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Changes records.
    pub records: Arc<dyn Records>,
    /// Reads tasks.
    pub tasks: Arc<dyn Tasks>,
    /// Reads messages.
    pub conversations: Arc<dyn Conversations>,
    /// Hands out bus entries.
    pub streams: Arc<dyn Streams>,
    /// Shows what happens.
    pub live: Arc<dyn Live>,
    /// Finds memories.
    pub search: Arc<dyn MemorySearch>,
    /// Reads memories, deeds and signals.
    pub memories: Arc<dyn Memories>,
    /// Does to memories what people want done.
    pub care: Arc<dyn MemoryCare>,
    /// Keeps learnings and signals as files; told when there is something new.
    pub tree: Arc<Tree>,
    /// Makes ids.
    pub mint: IdMint,
}

/// The desk; implements the port [`Desk`].
#[derive(Debug)]
pub struct Service {
    parts: Parts,
    recalled: Recalled,
    held: Held,
}

impl Service {
    /// Opens the desk.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts, recalled: Recalled::default(), held: Held::default() }
    }

    /// Shows a task as it stands in the records.
    async fn show_task(&self, id: TaskId) -> Result<(), DeskError> {
        if let Some(task) = self.parts.tasks.get(id).await? {
            self.parts.live.publish(Topic::Tasks(task.owner), EventBody::Task(task));
        }
        Ok(())
    }

    /// Shows a task as it stands, and with it what the whole that it is a part of waits for.
    async fn show_with_whole(&self, id: TaskId) -> Result<(), DeskError> {
        let Some(task) = self.parts.tasks.get(id).await? else { return Ok(()) };
        let whole = match task.parent_task_id {
            Some(whole) => self.parts.tasks.get(whole).await?,
            None => None,
        };
        let whole = whole.map(|whole| Task { wait: whole.wait.or(task.wait), ..whole });
        for shown in [Some(task), whole].into_iter().flatten() {
            self.parts.live.publish(Topic::Tasks(shown.owner), EventBody::Task(shown));
        }
        Ok(())
    }
}

#[async_trait]
impl Desk for Service {
    async fn lease_next(
        &self,
        who: Incarnation,
        held: &[Lease],
        wait: Duration,
    ) -> Result<Option<Work>, DeskError> {
        self.hand_out(who, held, wait).await
    }

    async fn renew(&self, who: Incarnation, lease: &Lease) -> Result<(), DeskError> {
        let streams = &self.parts.streams;
        let held = streams.renew(who, &lease.stream, AGENTS_GROUP, lease.seq).await?;
        let task = self.parts.tasks.get(lease.task_id).await?;
        // Work that its owner called off is nobody's to go on with.
        let open = task.is_some_and(|task| !task.status.is_final());
        (held && open).then_some(()).ok_or(DeskError::LeaseLost(lease.task_id))
    }

    fn holds(&self, who: Incarnation, task: TaskId) -> bool {
        self.held.by(who, task, self.parts.streams.as_ref())
    }

    async fn delegate(&self, who: Incarnation, command: Delegate) -> Result<Task, DeskError> {
        self.pass_on(who, command).await
    }

    async fn complete(&self, who: Incarnation, command: Complete) -> Result<(), DeskError> {
        self.take_answer(who, command).await
    }

    async fn fail(&self, who: Incarnation, command: Fail) -> Result<(), DeskError> {
        self.take_failure(who, command).await
    }

    async fn progress(&self, who: Incarnation, command: Progress) -> Result<(), DeskError> {
        self.show_progress(who, command).await
    }

    async fn thread(&self, who: Incarnation, lease: &Lease) -> Result<Vec<Message>, DeskError> {
        let task = self.held(who, lease).await?;
        Ok(self.before(&task).await?.in_order())
    }

    async fn recall(&self, who: Incarnation, ask: Recall) -> Result<Vec<MemoryHit>, DeskError> {
        self.find_memories(who, ask).await
    }

    async fn care(&self, who: Incarnation, command: CareCommand) -> Result<CareDone, DeskError> {
        self.take_care(who, command).await
    }
}
