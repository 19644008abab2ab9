//! [`HnswRsIndex`]: the port over the table and its graph, and the thread that builds it anew.

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use appliance_core::{
    Embedding, Facets, MemoryId, SearchFilter, StoreError, UserId,
    ports::{IndexEntry, VectorIndex},
};
use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;

use super::{
    graph::Graph,
    table::{Row, Table},
};

/// Rows kept while walking, unless [`HnswRsIndex::set_ef`] says otherwise.
const EF: usize = 96;
/// Rows of an owner up to which they are scanned: as fast, and exact.
const SCAN_UP_TO: usize = 2_000;
/// One in this many rows has to pass for the graph to be asked.
const SELECTIVE: usize = 20;
/// One row in this many dead: the graph is built anew.
const DEAD_SHARE: usize = 5;
/// Rows below which a graph is not worth building anew.
const WORTH_IT: usize = 64;

/// A [`VectorIndex`] over `hnsw_rs`, in memory only.
#[derive(Debug)]
pub struct HnswRsIndex {
    shared: Arc<Shared>,
    tasks: Tasks,
}

/// Builds the graph anew.
const REBUILD: TaskKind = TaskKind::new("vector.rebuild");

#[derive(Debug)]
struct Shared {
    dim: usize,
    ef: AtomicUsize,
    scan_up_to: usize,
    state: RwLock<State>,
    rebuilding: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    table: Table,
    graph: Graph,
}

impl HnswRsIndex {
    /// Makes an empty index for vectors of `dim` numbers.
    #[must_use]
    pub fn new(dim: usize, tasks: Tasks) -> Self {
        Self::scanning(dim, SCAN_UP_TO, tasks)
    }

    /// Makes one that scans an owner's rows up to this many, and walks the graph from there on.
    #[must_use]
    pub fn scanning(dim: usize, scan_up_to: usize, tasks: Tasks) -> Self {
        let (ef, rebuilding) = (AtomicUsize::new(EF), AtomicBool::new(false));
        let state = RwLock::default();
        Self { shared: Arc::new(Shared { dim, ef, scan_up_to, state, rebuilding }), tasks }
    }

    /// Changes how many rows a walk keeps, for searches that begin from now on.
    pub fn set_ef(&self, ef: usize) {
        self.shared.ef.store(ef.max(1), Ordering::Relaxed);
    }

    fn check(&self, op: &'static str, embedding: &Embedding) -> Result<(), StoreError> {
        let (got, dim) = (embedding.values().len(), self.shared.dim);
        if got == dim {
            return Ok(());
        }
        let why = format!("vector has {got} dimensions, this index takes {dim}");
        Err(StoreError::invalid(op, why))
    }

    /// Lets a thread build the graph anew, if enough is dead and none does already.
    fn rebuild_if_due(&self) {
        let due = self.shared.read().is_due();
        if !due || self.shared.rebuilding.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = self.tasks.thread(REBUILD, move || {
            shared.rebuild();
            shared.rebuilding.store(false, Ordering::Release);
        });
        if spawned.is_err() {
            // No thread to be had: the dead are skipped meanwhile, and the next change tries again.
            self.shared.rebuilding.store(false, Ordering::Release);
        }
    }
}

#[async_trait]
impl VectorIndex for HnswRsIndex {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        for entry in &entries {
            self.check("vectors.upsert", &entry.embedding)?;
        }
        for IndexEntry { id, facets, embedding } in entries {
            self.shared.write().push(Row { id, facets, embedding, dead: false });
        }
        self.rebuild_if_due();
        Ok(())
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        let mut state = self.shared.write();
        Ok(entries.iter().filter(|(id, facets)| state.table.retag(*id, facets)).count())
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
        let state = self.shared.read();
        let k = k.min(state.table.len());
        let walked = state.walk(owner, query, filter, (k, ef, self.shared.scan_up_to));
        Ok(walked.unwrap_or_else(|| state.table.scan(owner, query, filter, k)))
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        let gone = {
            let mut state = self.shared.write();
            ids.iter().filter(|id| state.table.bury(owner, **id)).count()
        };
        self.rebuild_if_due();
        Ok(gone)
    }

    fn count(&self) -> usize {
        self.shared.read().table.len()
    }
}

impl State {
    fn push(&mut self, row: Row) {
        let values = row.embedding.clone();
        let number = self.table.push(row);
        self.graph.insert(number, values.values());
    }

    fn is_due(&self) -> bool {
        let (rows, dead) = (self.table.rows.len(), self.table.dead());
        (rows > WORTH_IT && dead * DEAD_SHARE > rows) || self.graph.is_broken()
    }

    /// Asks the graph, for more each time, until `k` pass; `None` where a scan is better.
    fn walk(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        (k, ef, scan_up_to): (usize, usize, usize),
    ) -> Option<Vec<(MemoryId, f32)>> {
        let (listed, all) = (self.table.listed(owner), self.table.rows.len());
        if listed <= scan_up_to || self.table.passing(owner, filter) * SELECTIVE < all {
            return None;
        }
        let everything = listed == all && *filter == SearchFilter::default();
        let may = |row: usize| self.table.passes(row, owner, filter);
        let may: Option<&dyn Fn(usize) -> bool> =
            if everything && self.table.dead() == 0 { None } else { Some(&may) };
        let mut ef = ef.max(k);
        while ef * SELECTIVE <= all.max(SELECTIVE * k) {
            let near = self.graph.near(query.values(), ef, may)?;
            let passing = near.into_iter().filter(|row| self.table.passes(*row, owner, filter));
            let found = self.table.ranked(passing, query, k);
            if found.len() == k {
                return Some(found);
            }
            ef *= 4;
        }
        None
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds table and graph anew without the dead; what changed meanwhile is taken over at the end.
    fn rebuild(&self) {
        let (rows, read): (Vec<(usize, Row)>, usize) = {
            let state = self.read();
            let alive = state.table.rows.iter().enumerate().filter(|(_, row)| !row.dead);
            (alive.map(|(number, row)| (number, row.clone())).collect(), state.table.rows.len())
        };
        let graph = Graph::default();
        for (number, (_, row)) in rows.iter().enumerate() {
            graph.insert(number, row.embedding.values());
        }
        let mut state = self.write();
        let mut next = State { table: Table::default(), graph };
        for (old, _) in rows {
            next.table.push(state.table.rows[old].clone());
        }
        let later = state.table.rows[read..].iter().filter(|row| !row.dead).cloned();
        later.for_each(|row| next.push(row));
        *state = next;
    }
}
