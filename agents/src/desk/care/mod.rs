//! Care: what a person has an agent do to their memories, each deed once for a delivery.
//!
//! Owner and provenance come from the leased task, never from the agent. The deeds themselves are
//! [`MemoryCare`](appliance_core::ports::MemoryCare)'s; here is decided which memories are meant.
//!
//! Invariant: a command that is asked for again does nothing a second time: in this life its answer
//! is remembered, and after a restart the deeds that were noted since the task began are looked at.

mod copies;
mod correct;
mod forget;
mod meant;
mod rate;
mod remember;
mod undo;

use std::collections::VecDeque;

use appliance_core::{
    Actor, Incarnation, Memory, MemoryAction, PageRequest, Task, TaskId,
    desk::{Care, CareCommand, CareDone, Cared, Lease},
    ports::{By, CareError, DeskError},
};

use super::{Service, claim};

/// Commands whose answers are remembered.
const REMEMBERED: usize = 256;

/// Deeds that are looked through for one that was done before a restart.
const DEEDS: usize = 50;

/// The last commands and what became of them.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<((TaskId, [u8; 32]), CareDone)>);

impl Recent {
    fn get(&self, key: &(TaskId, [u8; 32])) -> Option<CareDone> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, done)| done.clone())
    }

    fn put(&mut self, key: (TaskId, [u8; 32]), done: CareDone) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((key, done));
    }
}

/// A person's wish as the desk works on it.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Who asks.
    who: Incarnation,
    /// The task it is asked in.
    task: &'a Task,
    /// Whether it may have been done before a restart.
    again: bool,
}

impl Wanted<'_> {
    fn by(&self) -> By {
        By { owner: self.task.owner, actor: Actor::Agent(self.who.agent), ip: None }
    }
}

impl Service {
    pub(super) async fn take_care(
        &self,
        who: Incarnation,
        command: CareCommand,
    ) -> Result<CareDone, DeskError> {
        let CareCommand { lease, care } = command;
        if let Care::Remember { text, untrusted } = care {
            return self.keep_note(who, &lease, text, untrusted).await;
        }
        let task = self.held(who, &lease).await?;
        let key = (task.id, claim::digest_of(&care));
        // Held while it is done: a repeat waits for the first to end.
        let mut recent = self.recent.lock().await;
        if let Some(done) = recent.get(&key) {
            return Ok(done);
        }
        let wanted = Wanted { who, task: &task, again: lease.deliveries > 1 };
        let done = self.do_care(&wanted, care, &lease).await?;
        recent.put(key, done.clone());
        drop(recent);
        self.parts.tree.nudge(task.owner);
        Ok(done)
    }

    async fn do_care(
        &self,
        wanted: &Wanted<'_>,
        care: Care,
        lease: &Lease,
    ) -> Result<CareDone, DeskError> {
        match care {
            Care::Remember { text, untrusted } => {
                self.keep_note(wanted.who, lease, text, untrusted).await
            }
            Care::Forget { what } => self.forget(wanted, what).await,
            Care::Correct { what, to } => self.correct(wanted, what, to).await,
            Care::Undo => self.undo(wanted).await,
            Care::Rate { value, comment } => self.rate(wanted, value, comment).await,
        }
    }

    /// The owner's deeds, newest first.
    async fn deeds(&self, task: &Task) -> Result<Vec<MemoryAction>, DeskError> {
        let page = PageRequest::new(DEEDS, None);
        Ok(self.parts.memories.actions(task.owner, page).await?.items)
    }

    /// The deeds done since the task was first handed out, when it may have been cut off after one.
    async fn deeds_of(&self, wanted: &Wanted<'_>) -> Result<Vec<MemoryAction>, DeskError> {
        if !wanted.again {
            return Ok(Vec::new());
        }
        let since = wanted.task.started_at.unwrap_or(wanted.task.created_at);
        let mut deeds = self.deeds(wanted.task).await?;
        deeds.retain(|deed| deed.at >= since && deed.undone_at.is_none());
        Ok(deeds)
    }
}

fn cared(memory: &Memory) -> Cared {
    Cared { memory_id: memory.id, text: memory.text.clone() }
}

/// Turns what the care refuses into words for the agent.
fn refused(error: CareError) -> DeskError {
    match error {
        CareError::Search(error) => error.into(),
        CareError::Store(error) => error.into(),
        other => DeskError::Refused(other.to_string()),
    }
}
