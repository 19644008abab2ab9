//! Keeps the vector index level with the records: reads what is new and embeds it.
//!
//! One reader at a time; whoever comes meanwhile waits for it and then finds nothing left to do.
//! Invariant: `position` moves only after the vectors of a page are in the index, so a failure or a
//! caller that goes away costs a repeat, never a gap.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use appliance_core::{
    Memory,
    ports::{Embedder, IndexEntry, Memories, SearchError, VectorIndex},
    utterance,
};
use tokio::sync::Mutex;

/// Memories read and embedded at a time: a few milliseconds of work.
const PAGE: usize = 256;

/// The follower: records in, vectors out.
#[derive(Debug)]
pub(super) struct Follower {
    memories: Arc<dyn Memories>,
    embedder: Arc<dyn Embedder>,
    index: Arc<dyn VectorIndex>,
    position: AtomicU64,
    turn: Mutex<()>,
}

impl Follower {
    pub(super) fn new(
        memories: Arc<dyn Memories>,
        embedder: Arc<dyn Embedder>,
        index: Arc<dyn VectorIndex>,
    ) -> Self {
        Self { memories, embedder, index, position: AtomicU64::new(0), turn: Mutex::new(()) }
    }

    /// Returns once everything committed before the call is in the index.
    pub(super) async fn catch_up(&self) -> Result<(), SearchError> {
        let goal = self.memories.latest();
        if self.position() >= goal {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        while self.position() < goal {
            let page = self.memories.since(self.position(), PAGE).await?;
            let Some(last) = page.last().map(|memory| memory.seq) else {
                self.position.store(goal, Ordering::Release); // the rest is gone from the records
                break;
            };
            self.take_in(page).await?;
            self.position.store(last, Ordering::Release);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    async fn take_in(&self, page: Vec<Memory>) -> Result<(), SearchError> {
        // "please remember that ..." says nothing about the fact: only the fact is compared.
        let texts: Vec<&str> =
            page.iter().map(|memory| utterance::statement(&memory.text)).collect();
        let vectors = self.embedder.embed(&texts).await?;
        let entries = page.iter().zip(vectors).filter_map(|(memory, embedding)| {
            Some(IndexEntry {
                id: memory.id,
                owner: memory.owner,
                tier: memory.tier,
                agent: memory.provenance.agent,
                message_id: memory.provenance.message_id,
                embedding: embedding?,
            })
        });
        Ok(self.index.upsert(entries.collect()).await?)
    }
}
