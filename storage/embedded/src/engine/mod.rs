//! The writer: batches in, one transaction, answers out. A plain function of what it is given.
//!
//! [`Engine::step`] is synchronous and starts no thread, so that a test or a simulation runs it
//! inline; [`writer`] is the thread around it. Each batch is checked inside the transaction against
//! what earlier ones wrote; a refused one is taken back and the others commit.
//!
//! Invariant: no answer is given before its commit is on disk, and after a commit whose outcome
//! cannot be known every later batch is refused.

mod room;
#[cfg(test)]
mod tests;
pub(crate) mod writer;

use std::sync::{Arc, PoisonError};

use appliance_core::{Applied, Batch, ErrorKind, StoreError};
use redb::Database;
use storage_rules::{
    Counters, Draft, OP, Refusal, batch_keys,
    bus::Happened,
    counters::{self, next},
};

use crate::{
    database::{self, Opener, caught},
    draft::{Attempt, Tables},
    fault::Fault,
    snapshot::Snapshot,
    store::Shared,
};

pub(crate) use room::Room;

/// A change of the store's own, such as moving memories between tiers: what it leaves in the draft
/// is kept, unless it refuses.
pub(crate) type Job = Box<dyn FnOnce(&mut Draft<'_>) -> Result<(), Refusal> + Send>;

/// The only writer of the file.
pub(crate) struct Engine {
    shared: Arc<Shared>,
    counters: Counters,
    opener: Opener,
    room: Room,
    state: State,
}

/// Whether the engine takes batches.
#[derive(Debug)]
enum State {
    Running,
    /// The disk was full; ends when there is room again.
    Full,
    /// A commit failed and its outcome is unknown; never ends.
    Stopped(String),
}

/// What a transaction would do, worked out and not yet committed.
struct Worked {
    counters: Counters,
    happened: Vec<Happened>,
    answers: Vec<Result<Applied, StoreError>>,
}

/// A transaction that failed: why, and what it would have answered if it came as far as the commit.
struct Failed {
    fault: Fault,
    committing: Option<Box<Worked>>,
}

impl<F: Into<Fault>> From<F> for Failed {
    fn from(fault: F) -> Self {
        Self { fault: fault.into(), committing: None }
    }
}

impl Engine {
    /// Begins where the file stands.
    pub fn new(shared: Arc<Shared>, counters: Counters, opener: Opener, room: Room) -> Self {
        Self { shared, counters, opener, room, state: State::Running }
    }

    /// Applies `batches` in one transaction; the answers are in their order.
    pub fn step(&mut self, batches: &[Batch]) -> Vec<Result<Applied, StoreError>> {
        self.carry_out(batches.len(), |engine, tables| engine.work(tables, batches))
    }

    /// Runs `job` in a transaction of its own.
    pub fn run(&mut self, job: Job) -> Result<Applied, StoreError> {
        let answers = self.carry_out(1, |engine, tables| engine.work_off(tables, job));
        answers.into_iter().next().unwrap_or_else(|| Err(Fault::Lost.at(OP)))
    }

    fn carry_out(
        &mut self,
        asked: usize,
        work: impl FnOnce(&Self, &mut Tables<'_>) -> Result<Worked, Fault>,
    ) -> Vec<Result<Applied, StoreError>> {
        if let Some(refuse) = self.refusing() {
            return (0..asked).map(|_| Err(refuse())).collect();
        }
        let outcome =
            caught(|| self.transact(work)).unwrap_or_else(|why| Err(Fault::Unreadable(why).into()));
        match outcome {
            Ok(worked) => self.publish(worked),
            Err(failed) if failed.fault.is_full() => self.swap(failed, asked),
            Err(failed) => self.stop(&failed.fault, asked),
        }
    }

    /// Returns how to refuse, if batches are refused just now.
    fn refusing(&mut self) -> Option<Box<dyn Fn() -> StoreError>> {
        match &self.state {
            State::Running => None,
            State::Full if self.room.is_back() => {
                tracing::info!("there is room on the disk again: writes go on");
                self.state = State::Running;
                None
            }
            State::Full => Some(Box::new(room::full)),
            State::Stopped(why) => {
                let why = why.clone();
                Some(Box::new(move || StoreError::unavailable(OP, why.clone())))
            }
        }
    }

    fn transact(
        &self,
        work: impl FnOnce(&Self, &mut Tables<'_>) -> Result<Worked, Fault>,
    ) -> Result<Worked, Failed> {
        let guard = self.shared.db.read().unwrap_or_else(PoisonError::into_inner);
        let db = guard.as_ref().ok_or(Fault::Closed)?;
        let txn = database::begin(db)?;
        let mut tables = Tables::of(&txn);
        let worked = work(self, &mut tables)?;
        drop(tables);
        if worked.counters == self.counters {
            txn.abort().map_err(Fault::from)?; // every batch was refused or a repeat
            return Ok(worked);
        }
        match txn.commit() {
            Ok(()) => Ok(worked),
            Err(error) => Err(Failed { fault: error.into(), committing: Some(Box::new(worked)) }),
        }
    }

    fn work(&self, tables: &mut Tables<'_>, batches: &[Batch]) -> Result<Worked, Fault> {
        let now = self.shared.clock.now();
        let (mut counters, mut happened) = (self.counters, Vec::new());
        let mut answers = Vec::with_capacity(batches.len());
        batch_keys::sweep(&mut Draft::on(&mut Attempt::for_good(tables), counters), now)?;
        for batch in batches {
            let mut attempt = Attempt::on(tables);
            let mut draft = Draft::on(&mut attempt, counters);
            match storage_rules::apply(&mut draft, batch, now) {
                Ok(applied) => {
                    counters = draft.counters;
                    happened.append(&mut draft.happened);
                    answers.push(Ok(applied));
                }
                Err(Refusal::Batch(error)) => {
                    attempt.take_back()?;
                    answers.push(Err(error));
                }
                Err(Refusal::File(fault)) => return Err(fault.into()),
            }
        }
        if counters != self.counters {
            save(tables, counters)?;
        }
        Ok(Worked { counters, happened, answers })
    }

    fn work_off(&self, tables: &mut Tables<'_>, job: Job) -> Result<Worked, Fault> {
        let mut attempt = Attempt::for_good(tables);
        let mut draft = Draft::on(&mut attempt, self.counters);
        let commit = next(&mut draft.counters.commit);
        match job(&mut draft) {
            Ok(()) => {
                let (counters, happened) = (draft.counters, std::mem::take(&mut draft.happened));
                save(tables, counters)?;
                let answers = vec![Ok(Applied { commit, ..Applied::default() })];
                Ok(Worked { counters, happened, answers })
            }
            // The counters have not moved, so the whole transaction is given up.
            Err(Refusal::Batch(error)) => {
                let answers = vec![Err(error)];
                Ok(Worked { counters: self.counters, happened: Vec::new(), answers })
            }
            Err(Refusal::File(fault)) => Err(fault.into()),
        }
    }

    /// Lets readers and takers know, then answers.
    fn publish(&mut self, worked: Worked) -> Vec<Result<Applied, StoreError>> {
        self.counters = worked.counters;
        self.shared.note(&worked.counters);
        self.shared.bus.mirror(worked.happened);
        worked.answers
    }

    /// The disk is full: a handle that saw this answers nothing any more, so the file is opened
    /// anew behind the readers' backs, and says itself whether the commit came through.
    fn swap(&mut self, failed: Failed, asked: usize) -> Vec<Result<Applied, StoreError>> {
        tracing::error!(error = %failed.fault, "the disk is full: writes wait for room");
        let found = match self.reopen() {
            Ok(found) => found,
            Err(why) => return self.stop_because(&why, asked),
        };
        self.state = State::Full;
        match failed.committing {
            Some(worked) if worked.counters == found => self.publish(*worked),
            _ if found == self.counters => (0..asked).map(|_| Err(room::full())).collect(),
            _ => self.stop(&failed.fault, asked),
        }
    }

    fn reopen(&self) -> Result<Counters, String> {
        let mut slot = self.shared.db.write().unwrap_or_else(PoisonError::into_inner);
        drop(slot.take().map(|dead| caught(|| drop::<Database>(dead))));
        let db = (self.opener)().map_err(|error| error.to_string())?;
        let found = Snapshot::of(&db).and_then(|file| Ok(counters::read(&file)?));
        *slot = Some(db);
        found.map_err(|fault| fault.to_string())
    }

    fn stop(&mut self, fault: &Fault, asked: usize) -> Vec<Result<Applied, StoreError>> {
        self.stop_because(&fault.to_string(), asked)
    }

    fn stop_because(&mut self, why: &str, asked: usize) -> Vec<Result<Applied, StoreError>> {
        let why = format!("the store stopped after a failed commit ({why}); restart the server");
        tracing::error!("{why}");
        let answers = (0..asked)
            .map(|_| Err(StoreError::new(ErrorKind::Unavailable, OP, why.clone())))
            .collect();
        self.state = State::Stopped(why);
        answers
    }
}

/// Stores how far the store has come.
fn save(tables: &Tables<'_>, counters: Counters) -> Result<(), Fault> {
    let mut attempt = Attempt::for_good(tables);
    Ok(counters::write(&mut Draft::on(&mut attempt, counters))?)
}
