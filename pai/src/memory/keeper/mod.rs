//! The maintenance: what moves memories between the tiers by age, number and usefulness.
//!
//! [`Keeper::run`] goes on until it is cancelled: every few seconds it writes the finds that wait and
//! makes warm what the hot tier had no room for; every hour, and soon after the start, it takes all
//! [steps](Step), or at once when somebody asks. [`Reader`] is the hot tier's reading side. Decides by the plan's rules and the
//! [`Limits`]; how a move is made crash-safe is the tiers' business.
//!
//! Invariant: it may be cut off at every await. Each move is one commit, walks begin anew at the next
//! run, and what a run did not come to is done by the next.

mod archive;
mod clean;
mod metrics;
mod reader;
mod run;
mod step;
mod tend;
mod walk;

use std::{collections::HashSet, fmt, sync::Arc};

use appliance_core::{
    Clock, StoreError, Timestamp,
    ports::{CareError, MemoryTiers, Upkeep},
};
use async_trait::async_trait;
use tokio::sync::Mutex;

use super::care::{Care, Indexes, Limits};
pub use metrics::Metrics;
pub use reader::Reader;
pub use step::{Clean, Report, Step};

/// Memories that one commit moves, and one read walks over, at most.
const PAGE: usize = 1_000;

/// Drops what nobody has asked for from the cache of vectors.
#[async_trait]
pub trait VectorCache: fmt::Debug + Send + Sync {
    /// Drops what has expired at `now`; returns how many vectors that were.
    ///
    /// # Errors
    /// `Unavailable` when the cache cannot be written.
    async fn expire(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Returns what a text's vector is filed under.
    fn key(&self, text: &str) -> [u8; 32];

    /// Drops everything that is not filed under one of `keys`.
    async fn keep_only(&self, keys: HashSet<[u8; 32]>);
}

/// What the keeper needs.
#[derive(Debug, Clone)]
pub struct KeeperParts {
    /// Moves memories.
    pub tiers: Arc<dyn MemoryTiers>,
    /// The hot tier's reading side; what it evicts is made warm.
    pub reader: Arc<Reader>,
    /// Has the finds to be written, and shows how far a run is.
    pub care: Arc<Care>,
    /// Saved by each run.
    pub indexes: Arc<dyn Indexes>,
    /// Makes the records' file anew.
    pub upkeep: Arc<dyn Upkeep>,
    /// The cache of vectors, where the embedder has one.
    pub vectors: Option<Arc<dyn VectorCache>>,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// How much there may be, for how long.
    pub limits: Limits,
}

/// Keeps the tiers within their limits.
#[derive(Debug)]
pub struct Keeper {
    parts: KeeperParts,
    counted: metrics::Counted,
    turn: Mutex<()>,
    weighed: clean::Weighed,
}

impl Keeper {
    /// Joins the parts; nothing runs yet.
    #[must_use]
    pub fn new(parts: KeeperParts) -> Self {
        Self {
            parts,
            counted: metrics::Counted::default(),
            turn: Mutex::default(),
            weighed: clean::Weighed::default(),
        }
    }

    /// Takes all steps once. A step that fails is logged, and the next ones are taken.
    ///
    /// # Errors
    /// [`CareError::Busy`] while another run has not ended.
    pub async fn run_once(&self) -> Result<Report, CareError> {
        self.run_cleaning(Clean::Daily).await
    }

    /// As [`run_once`](Self::run_once), and says when files are made anew.
    ///
    /// # Errors
    /// As there.
    pub async fn run_cleaning(&self, clean: Clean) -> Result<Report, CareError> {
        let Ok(_turn) = self.turn.try_lock() else {
            return Err(CareError::Busy(super::care::MAINTENANCE));
        };
        Ok(self.take_steps(clean).await)
    }

    /// Returns the figures; the tiers' as they are now, or as they were when they could last be read.
    pub async fn metrics(&self) -> Metrics {
        if let Ok(counts) = self.parts.tiers.counts(None).await {
            self.counted.tiers(counts);
        }
        self.counted.read(self.parts.reader.hits())
    }

    /// Returns the moment that ages are judged by: a wall clock that has jumped ahead ages nothing.
    fn certainly(&self) -> Timestamp {
        self.parts.clock.earliest()
    }

    /// Returns the moment that moves are stamped with, from which the next age counts.
    fn now(&self) -> Timestamp {
        self.parts.clock.latest()
    }
}
