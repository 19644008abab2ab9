//! The roll: what runs right now, since when, and what has failed. Starts and ends nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::AbortHandle, time::Instant};

use crate::{OnCancel, TaskKind};

/// What runs, for whoever scrapes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many run of each kind, by name.
    pub running: BTreeMap<&'static str, usize>,
    /// Blocking work.
    pub jobs: Jobs,
    /// How often each kind has failed, by name, and the last reason.
    pub failed: BTreeMap<&'static str, (u64, String)>,
}

/// Blocking work right now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Has a thread.
    pub running: usize,
    /// Waits for one.
    pub waiting: usize,
    /// How long the longest running one runs already.
    pub longest: Duration,
    /// Which that is; empty when none runs.
    pub longest_name: &'static str,
}

/// On what a thing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    Task,
    Job,
    Thread,
}

#[derive(Debug)]
struct Entry {
    kind: TaskKind,
    ground: Ground,
    /// `None` for a job that waits for a thread.
    since: Option<Instant>,
    abort: Option<AbortHandle>,
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    entries: BTreeMap<u64, Entry>,
    failed: BTreeMap<&'static str, (u64, String)>,
}

/// The roll itself.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    state: Mutex<State>,
    left: Notify,
}

/// A place on the roll; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Seat {
    roll: Arc<Roll>,
    id: u64,
}

impl Seat {
    /// Notes that a job has got its thread.
    pub fn begun(&self) {
        if let Some(entry) = self.roll.state().entries.get_mut(&self.id) {
            entry.since = Some(Instant::now());
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.roll.state().entries.remove(&self.id);
        self.roll.left.notify_waiters();
    }
}

impl Roll {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(self: &Arc<Self>, kind: TaskKind, ground: Ground) -> Seat {
        let since = (ground != Ground::Job).then(Instant::now);
        let mut state = self.state();
        state.last += 1;
        let id = state.last;
        state.entries.insert(id, Entry { kind, ground, since, abort: None });
        Seat { roll: Arc::clone(self), id }
    }

    /// Notes how the task in seat `id` is aborted; one that has ended already is not there.
    pub fn abortable(&self, id: u64, abort: AbortHandle) {
        if let Some(entry) = self.state().entries.get_mut(&id) {
            entry.abort = Some(abort);
        }
    }

    pub fn fell(&self, kind: TaskKind, why: &str) {
        let mut state = self.state();
        let (times, last) = state.failed.entry(kind.name).or_default();
        *times += 1;
        why.clone_into(last);
    }

    pub fn abort_the_abortable(&self) {
        let state = self.state();
        let entries = state.entries.values().filter(|it| it.kind.on_cancel == OnCancel::Abort);
        entries.filter_map(|it| it.abort.as_ref()).for_each(AbortHandle::abort);
    }

    /// Waits until no task and no job is left; threads are their owners' to join.
    pub async fn empty(&self) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.names(|ground| ground != Ground::Thread).is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Names what is on the roll and runs on such a ground, each kind once.
    pub fn names(&self, on: impl Fn(Ground) -> bool) -> Vec<&'static str> {
        let state = self.state();
        let mut names: Vec<_> =
            state.entries.values().filter(|it| on(it.ground)).map(|it| it.kind.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub fn figures(&self) -> Figures {
        let state = self.state();
        let mut figures = Figures { failed: state.failed.clone(), ..Figures::default() };
        for entry in state.entries.values() {
            *figures.running.entry(entry.kind.name).or_default() += 1;
            if entry.ground == Ground::Job {
                figures.jobs.count(entry);
            }
        }
        figures
    }
}

impl Seat {
    /// Its number on the roll.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Jobs {
    fn count(&mut self, entry: &Entry) {
        let Some(since) = entry.since else {
            self.waiting += 1;
            return;
        };
        self.running += 1;
        let ran = since.elapsed();
        if self.longest_name.is_empty() || ran > self.longest {
            (self.longest, self.longest_name) = (ran, entry.kind.name);
        }
    }
}
