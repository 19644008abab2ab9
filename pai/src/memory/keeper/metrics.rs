//! What the keeper counts, for whoever exports it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use appliance_core::ports::TierCounts;

use super::step::{Report, Step};

/// The keeper's figures at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// How full the tiers are.
    pub tiers: TierCounts,
    /// Memories that each step moved, rewrote, purged or dropped since the start.
    pub moved: [(Step, u64); Step::ALL.len()],
    /// Times that each step failed since the start.
    pub failures: [(Step, u64); Step::ALL.len()],
    /// Memories that became warm between two runs, for the hot tier had no room for them.
    pub evicted: u64,
    /// Finds that were written.
    pub uses: u64,
    /// Runs that came to their end.
    pub runs: u64,
    /// Reads that the hot tier answered.
    pub hot_hits: u64,
    /// Reads that it could not answer.
    pub hot_misses: u64,
    /// How long the last run took; 0 before the first.
    pub last_run_seconds: f64,
}

/// Where it counts.
#[derive(Debug, Default)]
pub(super) struct Counted {
    moved: [AtomicU64; Step::ALL.len()],
    failures: [AtomicU64; Step::ALL.len()],
    evicted: AtomicU64,
    uses: AtomicU64,
    runs: AtomicU64,
    last_run_micros: AtomicU64,
    tiers: Mutex<TierCounts>,
}

impl Counted {
    pub(super) fn evicted(&self, count: u64) {
        self.evicted.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn used(&self, count: usize) {
        self.uses.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn ran(&self, report: &Report) {
        for (step, moved) in &report.done {
            self.moved[*step as usize].fetch_add(moved.memories, Ordering::Relaxed);
        }
        for (step, _) in &report.failed {
            self.failures[*step as usize].fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(report.took.as_micros()).unwrap_or(u64::MAX);
        self.last_run_micros.store(micros, Ordering::Relaxed);
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tiers(&self, now: TierCounts) {
        *self.tiers.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    pub(super) fn read(&self, (hot_hits, hot_misses): (u64, u64)) -> Metrics {
        let of = |counters: &[AtomicU64; Step::ALL.len()]| {
            Step::ALL.map(|step| (step, counters[step as usize].load(Ordering::Relaxed)))
        };
        Metrics {
            tiers: self.tiers.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            moved: of(&self.moved),
            failures: of(&self.failures),
            evicted: self.evicted.load(Ordering::Relaxed),
            uses: self.uses.load(Ordering::Relaxed),
            runs: self.runs.load(Ordering::Relaxed),
            hot_hits,
            hot_misses,
            last_run_seconds: self.last_run_micros.load(Ordering::Relaxed) as f64 / 1e6,
        }
    }
}
