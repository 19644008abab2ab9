//! How full memory is and what it does. Searches are counted here; the rest is counted where it
//! happens and read when metrics are scraped.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use appliance_core::{
    MemoryTier, SearchFilter, UserId,
    memory::MemoryHits,
    ports::{MemorySearch, SearchError, TierCounts},
};
use async_trait::async_trait;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::sync::atomic::AtomicU64;
use tokio::time::Instant;

use super::{API_BUCKETS, Metrics};
use crate::view::held;

/// What memory counted until one moment. Counts only grow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryFigures {
    /// Memories that each step of the maintenance moved, purged or rewrote.
    pub moved: Vec<(&'static str, u64)>,
    /// Times that each step failed.
    pub failures: Vec<(&'static str, u64)>,
    /// Memories that left the hot tier because it was full.
    pub evicted: u64,
    /// Uses that were written.
    pub uses: u64,
    /// Runs of the maintenance.
    pub runs: u64,
    /// How long the last run took.
    pub last_run_seconds: f64,
    /// Hits and misses of the hot tier.
    pub hot: (u64, u64),
    /// Hits and misses of the embeddings' cache.
    pub embeddings: (u64, u64),
}

/// Tells the figures when they are asked for.
#[async_trait]
pub trait MemoryCounts: fmt::Debug + Send + Sync {
    /// Returns them as they are now.
    async fn read(&self) -> MemoryFigures;
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TierLabels {
    tier: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

/// The counts and gauges.
#[derive(Debug)]
pub(super) struct Memory {
    source: OnceLock<Arc<dyn MemoryCounts>>,
    items: Family<TierLabels, Gauge>,
    archive_bytes: Gauge,
    archive_files: Gauge,
    forgotten: Gauge,
    searches: Family<StatusLabels, Counter>,
    search_time: Histogram,
    moved: Family<StepLabels, Counter>,
    failures: Family<StepLabels, Counter>,
    evicted: Counter,
    uses: Counter,
    runs: Counter,
    last_run: Gauge<f64, AtomicU64>,
    hot: Family<ResultLabels, Counter>,
    embeddings: Family<ResultLabels, Counter>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            source: OnceLock::new(),
            items: Family::default(),
            archive_bytes: Gauge::default(),
            archive_files: Gauge::default(),
            forgotten: Gauge::default(),
            searches: Family::default(),
            search_time: Histogram::new(API_BUCKETS),
            moved: Family::default(),
            failures: Family::default(),
            evicted: Counter::default(),
            uses: Counter::default(),
            runs: Counter::default(),
            last_run: Gauge::default(),
            hot: Family::default(),
            embeddings: Family::default(),
        }
    }
}

impl Memory {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register("memory_tier_items", "Memories in each tier", self.items.clone());
        to.register("memory_archive_bytes", "Size of the archive", self.archive_bytes.clone());
        to.register("memory_archive_files", "Files of the archive", self.archive_files.clone());
        let help = "Forgotten memories that can be brought back";
        to.register("memory_forgotten_items", help, self.forgotten.clone());
        to.register("memory_searches", "Memory searches", self.searches.clone());
        let help = "Memory search latency";
        to.register("memory_recall_duration_seconds", help, self.search_time.clone());
        let help = "Memories moved, purged or rewritten by maintenance";
        to.register("memory_moved", help, self.moved.clone());
        let help = "Steps of maintenance that failed";
        to.register("memory_step_failures", help, self.failures.clone());
        let help = "Memories that left the full hot tier";
        to.register("memory_evicted", help, self.evicted.clone());
        to.register("memory_uses", "Uses of memories that were noted", self.uses.clone());
        to.register("memory_maintenance_runs", "Runs of maintenance", self.runs.clone());
        let help = "How long the last run of maintenance took";
        to.register("memory_maintenance_last_seconds", help, self.last_run.clone());
        let help = "Reads of the hot tier, found there or not";
        to.register("memory_hot_reads", help, self.hot.clone());
        let help = "Texts to embed, found in the cache or not";
        to.register("embedding_cache_reads", help, self.embeddings.clone());
    }

    fn set(&self, tiers: &TierCounts) {
        for tier in MemoryTier::ALL {
            let labels = TierLabels { tier: tier.as_str() };
            self.items.get_or_create(&labels).set(gauge(held(tiers, tier)));
        }
        self.archive_bytes.set(gauge(tiers.cold_bytes));
        self.archive_files.set(gauge(tiers.segments));
        self.forgotten.set(gauge(tiers.forgotten));
    }

    fn advance(&self, now: &MemoryFigures) {
        for (step, moved) in &now.moved {
            raise(&self.moved.get_or_create(&StepLabels { step }), *moved);
        }
        for (step, failed) in &now.failures {
            raise(&self.failures.get_or_create(&StepLabels { step }), *failed);
        }
        raise(&self.evicted, now.evicted);
        raise(&self.uses, now.uses);
        raise(&self.runs, now.runs);
        self.last_run.set(now.last_run_seconds);
        for (reads, (hits, misses)) in [(&self.hot, now.hot), (&self.embeddings, now.embeddings)] {
            raise(&reads.get_or_create(&ResultLabels { result: "hit" }), hits);
            raise(&reads.get_or_create(&ResultLabels { result: "miss" }), misses);
        }
    }
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Brings a counter up to a count that was made elsewhere.
fn raise(counter: &Counter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

impl Metrics {
    /// Names who tells the figures of memory; the first one named stays.
    pub fn read_memory_from(&self, source: Arc<dyn MemoryCounts>) {
        // A second one is a slip of whoever joins the parts, and harms nobody.
        let _ = self.0.memory.source.set(source);
    }

    /// Wraps `search` so that its searches are counted and timed.
    #[must_use]
    pub fn timing(&self, search: Arc<dyn MemorySearch>) -> Arc<dyn MemorySearch> {
        Arc::new(TimedSearch { inner: search, metrics: self.clone() })
    }

    /// Takes in how full the tiers are, and reads the figures.
    pub(crate) async fn memory(&self, tiers: &TierCounts) {
        self.0.memory.set(tiers);
        if let Some(source) = self.0.memory.source.get() {
            self.0.memory.advance(&source.read().await);
        }
    }
}

/// Searches that are counted and timed.
#[derive(Debug)]
struct TimedSearch {
    inner: Arc<dyn MemorySearch>,
    metrics: Metrics,
}

#[async_trait]
impl MemorySearch for TimedSearch {
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: SearchFilter,
        limit: usize,
    ) -> Result<MemoryHits, SearchError> {
        let began = Instant::now();
        let found = self.inner.search(owner, query, filter, limit).await;
        let memory = &self.metrics.0.memory;
        memory.search_time.observe(began.elapsed().as_secs_f64());
        let status = match &found {
            Ok(_) => "success",
            Err(SearchError::Empty | SearchError::TooLong { .. }) => "refused",
            Err(_) => "failure",
        };
        memory.searches.get_or_create(&StatusLabels { status }).inc();
        found
    }

    fn ailing(&self) -> Option<String> {
        self.inner.ailing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Told(u64);

    #[async_trait]
    impl MemoryCounts for Told {
        async fn read(&self) -> MemoryFigures {
            MemoryFigures {
                moved: vec![("aged_hot", self.0)],
                hot: (7, 2),
                last_run_seconds: 0.5,
                ..MemoryFigures::default()
            }
        }
    }

    #[tokio::test]
    async fn counts_made_elsewhere_are_shown_as_they_are_and_not_added_up() {
        let metrics = Metrics::new();
        metrics.read_memory_from(Arc::new(Told(3)));
        let tiers = TierCounts {
            hot: [(None, 4), (Some(appliance_core::AgentName::Qa), 1)].into(),
            cold_bytes: 9,
            ..TierCounts::default()
        };
        for _ in 0..2 {
            metrics.memory(&tiers).await;
        }
        let text = metrics.text(&[], &[]);
        for line in [
            r#"memory_tier_items{tier="hot"} 5"#,
            r#"memory_tier_items{tier="cold"} 0"#,
            "memory_archive_bytes 9",
            r#"memory_moved_total{step="aged_hot"} 3"#,
            r#"memory_hot_reads_total{result="hit"} 7"#,
            r#"embedding_cache_reads_total{result="miss"} 0"#,
            "memory_maintenance_last_seconds 0.5",
        ] {
            assert!(text.contains(line), "{line}\nnot in\n{text}");
        }
    }
}
