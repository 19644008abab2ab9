//! Vectors that could not be saved: the search says that it ails, and saves them again by itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Embedding, Facets, MemoryId, MemoryKind, SearchFilter, StoreError, UserId,
    ports::{IndexEntry, Memories as _, MemorySearch as _, VectorIndex},
};
use appliance_tasks::Tasks;
use async_trait::async_trait;
use pai::memory::{Indexes as _, Search};
use support::Desk;
use vector::{ExactIndex, StaticEmbedder, TextIndex};

/// An exact index whose disk can be full.
#[derive(Debug)]
struct OnDisk {
    inner: ExactIndex,
    full: AtomicBool,
    saved: AtomicU64,
}

#[async_trait]
impl VectorIndex for OnDisk {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        self.inner.upsert(entries).await
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

    async fn save(&self, position: u64) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("vectors.save", "no space left on device"));
        }
        self.saved.store(position, Ordering::SeqCst);
        Ok(())
    }

    fn count(&self) -> usize {
        self.inner.count()
    }
}

#[tokio::test]
async fn vectors_that_could_not_be_saved_are_saved_again_without_being_asked() {
    let desk = Desk::new();
    desk.remember(MemoryKind::Said, "the staging database is called heron");
    let (inner, full, saved) = (ExactIndex::new(256), true.into(), 0.into());
    let index = Arc::new(OnDisk { inner, full, saved });
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let search = Search::new(desk.memories.clone(), embedder, index.clone(), Tasks::new())
        .with_texts(Arc::new(TextIndex::in_memory().unwrap()));
    search.warm_up().await.unwrap();
    assert_eq!(search.ailing(), None);
    assert!(search.save().await.is_err());
    assert!(search.ailing().is_some_and(|why| why.contains("no space left")));
    let found = search.search(desk.owner, "heron", SearchFilter::default(), 5).await.unwrap();
    assert!(found.missing.is_empty() && found.len() == 1, "it answers meanwhile");
    index.full.store(false, Ordering::SeqCst);
    let saved = async {
        for _ in 0..400 {
            if index.saved.load(Ordering::SeqCst) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = search.keep_level() => {}
        () = saved => {}
    }
    assert_eq!(index.saved.load(Ordering::SeqCst), desk.memories.latest());
    assert_eq!(search.ailing(), None);
}
