//! What runs beside its caller: tasks by name, blocking work, and what has failed. Read when scraped.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, atomic::AtomicU64},
};

use appliance_tasks::Figures;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    task: &'static str,
}

/// The values.
#[derive(Debug, Default)]
pub(super) struct Home {
    running: Family<Label, Gauge>,
    failures: Family<Label, Counter>,
    counted: Mutex<BTreeMap<&'static str, u64>>,
    jobs: Gauge,
    waiting: Gauge,
    longest: Gauge<f64, AtomicU64>,
}

impl Home {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("tasks_running", "Tasks by kind", self.running.clone());
        registry.register("task_failures", "Tasks that failed", self.failures.clone());
        registry.register("blocking_running", "Blocking work on a thread", self.jobs.clone());
        registry.register("blocking_waiting", "Blocking work without one", self.waiting.clone());
        let help = "How long the longest blocking work runs already";
        registry.register("blocking_longest_seconds", help, self.longest.clone());
    }

    /// Takes the figures of this moment.
    pub(super) fn refresh(&self, figures: &Figures) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.running.clear(); // a kind of which none runs is not there
        for (task, count) in &figures.running {
            self.running.get_or_create(&Label { task }).set(number(*count));
        }
        self.jobs.set(number(figures.jobs.running));
        self.waiting.set(number(figures.jobs.waiting));
        self.longest.set(figures.jobs.longest.as_secs_f64());
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for (task, (times, _)) in &figures.failed {
            let before = counted.insert(task, *times).unwrap_or(0);
            let more = times.saturating_sub(before);
            self.failures.get_or_create(&Label { task }).inc_by(more);
        }
    }
}
