//! What the search mends by itself, saying meanwhile that it ails: vectors that could not be saved, and an
//! index of words that was damaged while it served.

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
    Embedding, Facets, HistoryId, MemoryId, MemoryKind, SearchFilter, StoreError, UserId,
    memory::{Origin, SearchPart},
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

#[tokio::test]
async fn an_index_of_words_damaged_while_it_serves_is_filled_again_and_missed_meanwhile() {
    let desk = Desk::new();
    let heron = desk.remember(MemoryKind::Said, "the staging database is called heron");
    let folder = tempfile::tempdir().unwrap();
    let origin = Origin { history: HistoryId::from_bytes([7; 16]), latest: u64::MAX };
    let texts = TextIndex::open(folder.path(), &origin, Tasks::new()).unwrap().index;
    let embedder = Arc::new(StaticEmbedder::load().unwrap());
    let index = Arc::new(ExactIndex::new(256));
    let search = Search::new(desk.memories.clone(), embedder, index, Tasks::new())
        .with_texts(Arc::new(texts));
    search.warm_up().await.unwrap();
    search.save().await.unwrap();
    let ask = async || {
        let found = search.search(desk.owner, "heron", SearchFilter::default(), 5).await.unwrap();
        assert_eq!(found.first().map(|hit| hit.memory.id), Some(heron.id), "{found:?}");
        found.missing.clone()
    };
    assert!(ask().await.is_empty());
    for file in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    assert!(ask().await.is_empty(), "what was read is there");
    let ails = async || {
        while search.ailing().is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    ails().await;
    assert!(search.ailing().is_some_and(|why| why.starts_with("text index: damaged")));
    assert_eq!(ask().await, [SearchPart::Words]);
    let mended = async {
        while search.ailing().is_some() || !ask().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = search.keep_level() => {}
        () = mended => {}
    }
    assert!(ask().await.is_empty() && folder.path().join("meta.json").exists());
}
