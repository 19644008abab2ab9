//! [`SegmentIndex`]: the port over the segments, and the thread that merges them.

use std::{
    cell::RefCell,
    io,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use appliance_core::{
    Embedding, ErrorKind, Facets, MemoryId, SearchFilter, StoreError, UserId,
    memory::Origin,
    ports::{IndexEntry, VectorIndex},
};
use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;

use super::{
    dump::{DumpError, Kind, Snapshot},
    folder::Folder,
    graph::walk::Scratch,
    merge::{Job, Means, decayed},
    search::Plan,
    simd::Unit,
    state::{Prepared, Question, State},
};

/// Merges segments in the background.
const MERGE: TaskKind = TaskKind::new("vector.merge");

/// Writes the index's files.
const SAVE: TaskKind = TaskKind::new("vector.save");

/// Entries put in under one lock: searches wait no longer than that takes.
const AT_ONCE: usize = 64;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// How an index trades speed, memory and recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The embedder's model; a dump of another model is refused.
    pub model: String,
    /// The records that the vectors are of; a dump of others is refused.
    pub origin: Option<Origin>,
    /// Rows kept while walking (the paper's ef): more find more and cost more.
    pub ef: usize,
    /// Rows the fresh segment takes before it is sealed and merged.
    pub fresh_rows: usize,
    /// Rows from which on a segment gets a graph; below, a scan is as fast.
    pub graph_from: usize,
    /// A person's (or agent's) rows in a segment up to which they are scanned, not walked: as fast,
    /// and misses next to nothing. Measured on sentence vectors, 256 to 1536 dimensions.
    pub scan_up_to: usize,
    /// Rows a walk compares for each one it keeps; what the planner weighs a scan against.
    pub walk_cost: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model: String::new(),
            origin: None,
            ef: 96,
            fresh_rows: 4_096,
            graph_from: 10_000,
            scan_up_to: 8_192,
            walk_cost: 24,
        }
    }
}

impl Options {
    /// Returns how many rows the fresh segment has room for.
    pub(super) fn room(&self) -> usize {
        self.fresh_rows.max(1)
    }
}

/// A [`VectorIndex`] of our own: HNSW over 8-bit codes, scans by signs, exact rerank, background
/// merges.
///
/// Takes about `1.1 * dim + 220` bytes a vector for what a search reads, and `4 * dim` for the exact
/// vectors. Searches and changes run inline; a search waits for a change (microseconds), never for a
/// merge.
#[derive(Debug)]
pub struct SegmentIndex {
    shared: Arc<Shared>,
    tasks: Tasks,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) dim: usize,
    pub(super) options: Options,
    unit: Unit,
    ef: AtomicUsize,
    pub(super) state: RwLock<State>,
    /// Where its files are.
    folder: Arc<Folder>,
    /// How far into the records the last save had read.
    position: AtomicU64,
    /// Held by whoever saves.
    saving: Mutex<()>,
    /// Held by whoever merges.
    merging: Mutex<()>,
    /// Whether a thread merges or is about to.
    awake: AtomicBool,
    /// Set when the index is dropped.
    stop: AtomicBool,
}

impl SegmentIndex {
    /// Makes an empty index for vectors of `dim` numbers, in memory only.
    #[must_use]
    pub fn new(dim: usize, options: Options, tasks: Tasks) -> Self {
        let state = State::new(dim, options.room());
        Self::with(dim, options, (state, Folder::nowhere(), 0), tasks)
    }

    pub(super) fn with(
        dim: usize,
        options: Options,
        (state, folder, position): (State, Arc<Folder>, u64),
        tasks: Tasks,
    ) -> Self {
        let shared = Shared {
            dim,
            unit: Unit::best(),
            ef: AtomicUsize::new(options.ef),
            options,
            state: RwLock::new(state),
            folder,
            position: AtomicU64::new(position),
            saving: Mutex::default(),
            merging: Mutex::default(),
            awake: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), tasks }
    }

    /// Changes how many rows a walk keeps, for searches that begin from now on.
    pub fn set_ef(&self, ef: usize) {
        self.shared.ef.store(ef.max(1), Ordering::Relaxed);
    }

    /// Merges everything into one segment; returns when done.
    ///
    /// Costs what building the graph costs; the background does as much as searches need.
    pub fn consolidate(&self) {
        self.shared.state_mut().seal();
        self.shared.merge(|_, state| Job::everything(state));
    }

    fn check(&self, op: &'static str, embedding: &Embedding) -> Result<(), StoreError> {
        let (got, dim) = (embedding.values().len(), self.shared.dim);
        if got == dim {
            return Ok(());
        }
        let why = format!("vector has {got} dimensions, this index takes {dim}");
        Err(StoreError::invalid(op, why))
    }

    /// Lets a thread merge what is due, unless one does already.
    pub(super) fn wake(&self) {
        if self.shared.awake.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = self.tasks.thread(MERGE, move || while shared.merge(Shared::next) {});
        if spawned.is_err() {
            // No thread to be had: searches scan meanwhile, and the next change tries again.
            self.shared.awake.store(false, Ordering::Release);
        }
    }
}

impl Drop for SegmentIndex {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl VectorIndex for SegmentIndex {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        for entry in &entries {
            self.check("vectors.upsert", &entry.embedding)?;
        }
        let mut sealed = false;
        for few in entries.chunks(AT_ONCE) {
            let prepared: Vec<_> = few
                .iter()
                .map(|it| Prepared::new(it.id, &it.facets, it.embedding.values()))
                .collect();
            let mut state = self.shared.state_mut();
            for one in &prepared {
                sealed |= state.put(one);
            }
        }
        if sealed {
            self.wake();
        }
        Ok(())
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        let mut there = 0;
        for few in entries.chunks(AT_ONCE) {
            let mut state = self.shared.state_mut();
            there += few.iter().filter(|(id, facets)| state.retag(*id, facets)).count();
        }
        Ok(there)
    }

    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.check("vectors.search", query)?;
        let ef = self.shared.ef.load(Ordering::Relaxed);
        let Options { scan_up_to, walk_cost, .. } = self.shared.options;
        let plan = Plan { scan_up_to, walk_cost };
        let question = Question { owner, embedding: query, filter, k, ef, plan };
        let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        Ok(SCRATCH.with_borrow_mut(|scratch| state.search(self.shared.unit, &question, scratch)))
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        let (mut gone, mut due) = (0, false);
        for few in ids.chunks(AT_ONCE) {
            let mut state = self.shared.state_mut();
            let Some(owner) = state.names.owners.find(&owner) else { return Ok(0) };
            gone += few.iter().filter(|id| state.bury(**id, Some(owner))).count();
            due = state.parts.iter().any(decayed);
        }
        if due {
            self.wake();
        }
        Ok(gone)
    }

    fn position(&self) -> u64 {
        self.shared.position.load(Ordering::Relaxed)
    }

    async fn save(&self, position: u64) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let saved = self.tasks.blocking(SAVE, move || shared.save(position)).await;
        saved.unwrap_or_else(|lost| {
            Err(StoreError::new(ErrorKind::Unavailable, "vectors.save", lost.to_string()))
        })
    }

    fn count(&self) -> usize {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Shared {
    fn state_mut(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is in now; blocks.
    fn save(&self, position: u64) -> Result<(), StoreError> {
        let _turn = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = Snapshot::of(&self.state.read().unwrap_or_else(PoisonError::into_inner));
        let Options { model, origin, .. } = &self.options;
        let kind = Kind { model, dim: self.dim, origin: *origin };
        let saved = snapshot.save(&self.folder, &kind, position);
        saved.map_err(|error| StoreError::new(kind_of(&error), "vectors.save", error))?;
        if self.folder.dir().is_some() {
            self.position.store(position, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Chooses the next job; with none left, the thread is done, and whoever seals next starts one.
    fn next(&self, state: &State) -> Option<Job> {
        let job = Job::due(state).filter(|_| !self.stop.load(Ordering::Relaxed));
        if job.is_none() {
            self.awake.store(false, Ordering::Release);
        }
        job
    }

    /// Does one job, if `choose` finds one; tells whether it did.
    fn merge(&self, choose: impl Fn(&Self, &State) -> Option<Job>) -> bool {
        let _turn = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        let job = choose(self, &self.state.read().unwrap_or_else(PoisonError::into_inner));
        let Some(job) = job else { return false };
        let means = Means {
            unit: self.unit,
            graph_from: self.options.graph_from,
            folder: &self.folder,
            stop: &self.stop,
        };
        let Some(outcome) = job.run(self.dim, means) else { return true };
        let replaced = job.install(outcome, &mut self.state_mut());
        drop(replaced);
        true
    }
}

fn kind_of(error: &DumpError) -> ErrorKind {
    match error {
        DumpError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
            ErrorKind::Full
        }
        DumpError::Io { .. } => ErrorKind::Unavailable,
        DumpError::Foreign { .. } | DumpError::Stale { .. } | DumpError::Corrupt { .. } => {
            ErrorKind::Corrupt
        }
    }
}
