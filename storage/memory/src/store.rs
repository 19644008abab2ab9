//! The store: one lock around the maps, the counters and the leases.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use appliance_core::{Applied, Batch, Clock, StoreError, Timestamp};
use storage_rules::{
    Counters, Draft, Fault, Refusal, View, batch_keys,
    bus::{Happened, lines::Lines, tables as bus},
};
use tokio::sync::Notify;

use crate::{change::Attempt, tables::Tables};

/// All records and the bus, in RAM. Clones are the same store.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    pub(crate) inner: Arc<Inner>,
}

/// What the clones share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub clock: Arc<dyn Clock>,
    /// Rings when an entry is appended or set free.
    pub bell: Notify,
    state: RwLock<State>,
    lines: Mutex<Lines>,
}

/// What batches change.
#[derive(Debug, Default, Clone)]
struct State {
    tables: Tables,
    counters: Counters,
}

impl MemoryStore {
    /// Begins empty.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::holding(State::default(), Lines::default(), clock)
    }

    /// Begins as a server that is started again on what this one holds: leases are gone.
    ///
    /// # Errors
    /// None that the rules do not know.
    pub fn restarted(&self) -> Result<Self, StoreError> {
        let state = self.state().clone();
        let lines = bus::load(&state.tables).map_err(|fault| fault.at("records.open"))?;
        Ok(Self::holding(state, lines, Arc::clone(&self.inner.clock)))
    }

    fn holding(state: State, lines: Lines, clock: Arc<dyn Clock>) -> Self {
        let (state, lines) = (RwLock::new(state), Mutex::new(lines));
        Self { inner: Arc::new(Inner { clock, bell: Notify::new(), state, lines }) }
    }

    /// Returns the newest id's unix milliseconds: the floor for an `IdMint`.
    #[must_use]
    pub fn newest_millis(&self) -> u64 {
        self.state().counters.newest_millis
    }

    /// Returns the highest position of the memories' change log.
    pub(crate) fn latest_memory(&self) -> u64 {
        self.state().counters.memory
    }

    /// Reads from one consistent view.
    pub(crate) fn read<T>(
        &self,
        op: &'static str,
        ask: impl FnOnce(&dyn View) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        ask(&self.state().tables).map_err(|fault| fault.at(op))
    }

    /// Applies a batch, whole or not at all.
    pub(crate) fn write(&self, batch: &Batch) -> Result<Applied, StoreError> {
        // Keys live by lived time: a clock that jumps makes no deed happen twice.
        let now = self.inner.clock.lived();
        let mut guard = self.inner.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { tables, counters } = &mut *guard;
        sweep(tables, *counters, now)?;
        let mut attempt = Attempt::on(tables);
        let mut draft = Draft::on(&mut attempt, *counters);
        match storage_rules::apply(&mut draft, batch, now) {
            Ok(applied) => {
                *counters = draft.counters;
                let happened = std::mem::take(&mut draft.happened);
                self.mirror(happened); // before another batch can follow
                Ok(applied)
            }
            Err(refusal) => {
                attempt.take_back();
                Err(refused(refusal))
            }
        }
    }

    /// Returns who holds which lease.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        self.inner.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mirror(&self, happened: Vec<Happened>) {
        let mut lines = self.lines();
        for event in happened {
            let rings = matches!(event, Happened::Appended { .. });
            lines.mirror(event);
            if rings {
                self.inner.bell.notify_waiters();
            }
        }
    }

    fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sweep(tables: &mut Tables, counters: Counters, now: Timestamp) -> Result<(), StoreError> {
    let mut attempt = Attempt::on(tables);
    batch_keys::sweep(&mut Draft::on(&mut attempt, counters), now)
        .map_err(|fault| fault.at(storage_rules::OP))
}

fn refused(refusal: Refusal) -> StoreError {
    match refusal {
        Refusal::Batch(error) => error,
        Refusal::File(fault) => fault.at(storage_rules::OP),
    }
}
