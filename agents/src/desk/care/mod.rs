//! Care: what a person has an agent do to their memories, the n-th deed of a task once.
//!
//! Owner and provenance come from the leased task, never from the agent. The deeds themselves are
//! [`MemoryCare`](appliance_core::ports::MemoryCare)'s; here is decided which memories are meant.
//!
//! Invariant: a deed is one batch under the key (task, n) that lives as long as its task. What is
//! answered is told from what that key keeps, the first time and on every redelivery alike, so
//! whatever is done to memories in between changes neither the deed nor its answer.

mod copies;
mod correct;
mod forget;
mod meant;
mod rate;
mod remember;
mod retell;
mod undo;

use appliance_core::{
    Actor, BatchKey, Incarnation, Memory, MemoryId, StoreError, Task,
    desk::{Care, CareCommand, CareDone, Cared, Lease},
    ports::{By, CareError, Cause, DeskError},
};

use super::{Service, claim};

/// A person's wish as the desk works on it.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Who asks.
    who: Incarnation,
    /// The task it is asked in.
    task: &'a Task,
    /// The claim to that task.
    lease: &'a Lease,
    /// Names the deed.
    key: BatchKey,
}

impl Wanted<'_> {
    /// Who does it and why; the answer is told by nothing but the deed.
    fn by(&self) -> By {
        let cause = Cause {
            key: Some(self.key.clone()),
            fence: Some(claim::fence(self.lease)),
            task_id: Some(self.task.id),
            told: Vec::new(),
        };
        By { owner: self.task.owner, actor: Actor::Agent(self.who.agent), ip: None, cause }
    }

    /// Turns what the care refuses into words for the agent.
    fn refused(&self, error: CareError) -> DeskError {
        match error {
            CareError::Search(error) => error.into(),
            CareError::Store(error) => claim::refused(self.lease, error),
            other => DeskError::Refused(other.to_string()),
        }
    }
}

impl Service {
    pub(super) async fn take_care(
        &self,
        who: Incarnation,
        command: CareCommand,
    ) -> Result<CareDone, DeskError> {
        let CareCommand { lease, number, care } = command;
        let task = self.held(who, &lease).await?;
        let key = key(&task, number, &care);
        let wanted = Wanted { who, task: &task, lease: &lease, key };
        let done = match self.retell(&wanted, &care).await? {
            Some(done) => done,
            None => self.do_now(&wanted, &care).await?,
        };
        // The answer says their words, cited or not, and goes with them when they are purged.
        self.recalled.tell(&task, spoken_of(&done));
        Ok(done)
    }

    async fn do_now(&self, wanted: &Wanted<'_>, care: &Care) -> Result<CareDone, DeskError> {
        if !self.carry_out(wanted, care).await? {
            return Ok(CareDone::NothingMeant);
        }
        self.parts.tree.nudge(wanted.task.owner);
        let lost = || StoreError::unavailable("desk.care", "what was just done cannot be read");
        self.retell(wanted, care).await?.ok_or_else(|| lost().into())
    }

    /// Does it; `false` when nothing is meant that it could be done to.
    async fn carry_out(&self, wanted: &Wanted<'_>, care: &Care) -> Result<bool, DeskError> {
        match care {
            Care::Remember { text, untrusted } => {
                self.remember(wanted, text, untrusted.as_deref()).await
            }
            Care::Forget { what } => self.forget(wanted, what).await,
            Care::Correct { what, to } => self.correct(wanted, what, to).await,
            Care::Undo => self.undo(wanted).await,
            Care::Rate { value, comment } => self.rate(wanted, *value, comment.as_deref()).await,
        }
    }
}

fn key(task: &Task, number: u32, care: &Care) -> BatchKey {
    let name = format!("desk/{}/deed/{number}", task.id);
    BatchKey::of_task(task.id, name, claim::digest_of(care))
}

/// Returns the memories whose texts tell what was done.
fn spoken_of(done: &CareDone) -> Vec<MemoryId> {
    match done {
        CareDone::Remembered(id) => vec![*id],
        CareDone::Forgotten(cared) | CareDone::Undone(cared) => {
            cared.iter().map(|cared| cared.memory_id).collect()
        }
        CareDone::Corrected { old, new } => vec![old.memory_id, new.memory_id],
        CareDone::Rated | CareDone::NothingMeant => Vec::new(),
    }
}

fn cared(memory: &Memory) -> Cared {
    Cared { memory_id: memory.id, text: memory.text.clone() }
}
