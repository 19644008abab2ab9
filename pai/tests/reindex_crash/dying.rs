//! A vector index that kills its process at a step, before or after the n-th call of one kind.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use appliance_core::{
    Embedding, Facets, MemoryId, SearchFilter, StoreError, UserId,
    ports::{IndexEntry, VectorIndex},
};
use async_trait::async_trait;
use vector::SegmentIndex;

/// Where the process is to end; nowhere by default.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    whose: &'static str,
    deadly: Option<(String, u32)>,
    met: Arc<AtomicU32>,
}

impl Steps {
    /// Ends the process the `nth` time it comes to `step`, such as "new.save.before".
    pub fn deadly_at(step: &str, nth: u32) -> Self {
        Self { deadly: Some((step.to_owned(), nth)), ..Self::default() }
    }

    /// Returns the same, as met by one of the two indexes.
    pub fn named(&self, whose: &'static str) -> Self {
        Self { whose, ..self.clone() }
    }

    fn meet(&self, call: &str, when: &str) {
        let Some((step, nth)) = &self.deadly else { return };
        if *step == format!("{}.{call}.{when}", self.whose)
            && self.met.fetch_add(1, Ordering::SeqCst) + 1 == *nth
        {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
            std::thread::park(); // the signal is on its way
        }
    }
}

/// The product's index, which may die.
#[derive(Debug)]
pub struct Dying {
    inner: SegmentIndex,
    steps: Steps,
}

impl Dying {
    pub fn new(inner: SegmentIndex, steps: Steps) -> Self {
        Self { inner, steps }
    }
}

#[async_trait]
impl VectorIndex for Dying {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        self.steps.meet("upsert", "before");
        self.inner.upsert(entries).await?;
        self.steps.meet("upsert", "after");
        Ok(())
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        self.inner.retag(entries).await
    }

    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.inner.search(owner, query, filter, k).await
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        self.inner.delete(owner, ids).await
    }

    fn position(&self) -> u64 {
        self.inner.position()
    }

    async fn save(&self, position: u64) -> Result<(), StoreError> {
        self.steps.meet("save", "before");
        self.inner.save(position).await?;
        self.steps.meet("save", "after");
        Ok(())
    }

    async fn discard(&self) -> Result<(), StoreError> {
        self.steps.meet("discard", "before"); // the mark is written, the folder still there
        self.inner.discard().await
    }

    fn count(&self) -> usize {
        self.inner.count()
    }
}
