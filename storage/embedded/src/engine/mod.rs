//! The writer: batches in, one transaction, answers out. A plain function of what it is given.
//!
//! [`Engine::step`] is synchronous and starts no thread, so that a test or a simulation runs it
//! inline; [`writer`] is the thread around it. Each batch is checked inside the transaction against
//! what earlier ones wrote; a refused one is taken back and the others commit.
//! When the disk fails, or a page cannot be read, the file is opened anew ([`mend`]) and each batch is
//! tried for itself. After a purge the file is made anew ([`rewrite`]) between two steps.
//!
//! Invariant: no answer is given before its commit is on disk, and once nobody can know what is on
//! disk every later batch is refused and whoever runs the store is told.

mod essential;
mod hindrance;
mod mend;
pub(crate) mod rewrite;
mod room;
mod stand;
mod state;
#[cfg(test)]
mod tests;
mod transact;
pub(crate) mod writer;

use std::sync::Arc;

use appliance_core::{Applied, Batch, StoreError};
use storage_rules::{Counters, Draft, OP, Refusal};

use crate::{
    caught::caught,
    database::Opener,
    draft::Tables,
    fault::Fault,
    place::Place,
    shared::{Begun, OnEnd, Shared},
};
use essential::is_essential;
use hindrance::Hindrance;
use stand::Displaced;
use state::{Gate, State};
use transact::{Failed, Worked};

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
    on_end: OnEnd,
    state: State,
    /// The file is there to be read only: see [`Opened::held`](crate::database::Opened::held).
    is_provisional: bool,
    /// Where the file is; nowhere in tests.
    place: Option<Arc<Place>>,
    displaced: Displaced,
    /// Keys of batches that are over are no longer swept: where they lie cannot be read.
    leaves_keys: bool,
}

type Answer = Result<Applied, StoreError>;

impl Engine {
    /// Begins where the file stands; `on_end` is called once, when nothing is taken any more.
    pub fn new(begun: Begun, opener: Opener, room: Room, on_end: OnEnd) -> Self {
        let Begun { shared, counters, held } = begun;
        let state = State::Running;
        let (is_provisional, leaves_keys) = (false, false);
        let (place, displaced) = (None, Displaced::default());
        let mut engine = Self {
            shared,
            counters,
            opener,
            room,
            on_end,
            state,
            is_provisional,
            place,
            displaced,
            leaves_keys,
        };
        engine.take_up(held.as_ref());
        engine.keep_reserve();
        engine
    }

    /// Says where the file is, so that it can be made anew and kept there.
    pub fn in_file(self, place: &Arc<Place>) -> Self {
        Self { place: Some(Arc::clone(place)), ..self }
    }

    /// Applies `batches` in one transaction; the answers are in their order.
    pub fn step(&mut self, batches: &[Batch]) -> Vec<Answer> {
        self.shared.signs.note_working();
        let answers = match self.gate() {
            Gate::Open => self.together(batches),
            _ => self.singly(batches),
        };
        self.shared.signs.note_idle();
        answers
    }

    /// Runs `job` in a transaction of its own.
    pub fn run(&mut self, job: Job) -> Answer {
        self.shared.signs.note_working();
        let answer = match self.gate() {
            Gate::Open => {
                let worked = self.attempt(|engine, tables| engine.work_off(tables, job));
                worked.or_else(|failed| self.mend(*failed)).map(|worked| self.go_on(worked))
            }
            Gate::Essential(why) | Gate::Shut(why) => Err(why),
        };
        self.shared.signs.note_idle();
        only(answer)
    }

    fn together(&mut self, batches: &[Batch]) -> Vec<Answer> {
        let left_keys = self.leaves_keys;
        let worked = self.attempt(|engine, tables| engine.work(tables, batches));
        match worked.or_else(|failed| self.mend(*failed)) {
            Ok(worked) => self.go_on(worked),
            Err(why) => match batches {
                [batch] if !is_essential(batch) && left_keys == self.leaves_keys => {
                    vec![Err(why.refusal())]
                }
                _ => self.singly(batches),
            },
        }
    }

    /// Tries each batch for itself, so that only those at fault are refused.
    fn singly(&mut self, batches: &[Batch]) -> Vec<Answer> {
        batches.iter().map(|batch| self.alone(batch)).collect()
    }

    fn alone(&mut self, batch: &Batch) -> Answer {
        let answer = match self.gate() {
            Gate::Open | Gate::Essential(_) if is_essential(batch) => {
                let shared = Arc::clone(&self.shared);
                let worked = shared.reserve.offer(|| self.try_alone(batch));
                worked.map(|worked| self.publish(worked)) // that it went says nothing of others
            }
            Gate::Open => self.try_alone(batch).map(|worked| self.go_on(worked)),
            Gate::Essential(why) | Gate::Shut(why) => Err(why),
        };
        only(answer)
    }

    fn try_alone(&mut self, batch: &Batch) -> Result<Worked, Hindrance> {
        if self.is_provisional {
            self.renew()?; // with the reserve there may be room for it
        }
        let batches = std::slice::from_ref(batch);
        let worked = self.attempt(|engine, tables| engine.work(tables, batches));
        worked.or_else(|failed| self.mend(*failed))
    }

    fn attempt(
        &self,
        work: impl FnOnce(&Self, &Tables<'_>) -> Result<Worked, Fault>,
    ) -> Result<Worked, Box<Failed>> {
        caught(|| self.transact(work))
            .unwrap_or_else(|why| Err(Fault::caught(why).into()))
            .map_err(Box::new)
    }

    /// Answers as [`publish`](Self::publish); what held others back is over once something was written.
    fn go_on(&mut self, worked: Worked) -> Vec<Answer> {
        if worked.counters != self.counters {
            self.shared.signs.note_well();
            self.state = State::Running;
            self.keep_reserve();
        }
        self.publish(worked)
    }

    /// Lets readers and takers know, then answers.
    fn publish(&mut self, worked: Worked) -> Vec<Answer> {
        if worked.counters != self.counters {
            self.shared.signs.note_committed(&worked.written);
        }
        self.counters = worked.counters;
        self.shared.note(&worked.counters);
        worked.unread.iter().for_each(|gone| self.shared.damage.gone(gone));
        self.shared.bus.mirror(worked.happened);
        worked.answers
    }
}

/// Returns the answer of the only batch.
fn only(answers: Result<Vec<Answer>, Hindrance>) -> Answer {
    let answers = answers.map_err(|why| why.refusal())?;
    answers.into_iter().next().unwrap_or_else(|| Err(Fault::Lost.at(OP)))
}
