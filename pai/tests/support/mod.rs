//! What the recall tests share: memories in a list, ids, and a search over them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use appliance_core::{
    AgentName, ConversationId, IdMint, Memory, MemoryId, MemoryKind, MemoryTier, MessageId, Page,
    PageRequest, Provenance, StoreError, UserId,
    ports::{Memories, VectorIndex},
    time::ManualClock,
};
use async_trait::async_trait;
use pai::memory::Search;
use vector::{ExactIndex, StaticEmbedder, TextIndex};

/// 2026-11-20T08:00:00Z.
pub const MORNING_MILLIS: u64 = 1_795_161_600_000;

/// The records' memories, held in a list in the order of their ids; can be told to fail.
#[derive(Debug, Default)]
pub struct ListedMemories {
    rows: Mutex<Vec<Memory>>,
    pub reads: AtomicUsize,
    pub failures_left: AtomicUsize,
}

impl ListedMemories {
    pub fn put(&self, mut memory: Memory) -> Memory {
        let mut rows = self.rows.lock().unwrap();
        memory.seq = rows.last().map_or(0, |row| row.seq) + 1;
        rows.push(memory.clone());
        memory
    }

    /// Takes a memory away, as a later purge may.
    pub fn lose(&self, id: MemoryId) {
        self.rows.lock().unwrap().retain(|row| row.id != id);
    }
}

#[async_trait]
impl Memories for ListedMemories {
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        let rows = self.rows.lock().unwrap();
        let place = rows.binary_search_by_key(&id, |row| row.id).ok();
        Ok(place.map(|place| rows[place].clone()).filter(|row| row.owner == owner))
    }

    async fn list(&self, _: UserId, _: PageRequest) -> Result<Page<Memory>, StoreError> {
        Err(StoreError::invalid("memories.list", "recall does not list"))
    }

    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Memory>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let fails = |left: usize| left.checked_sub(1);
        if self.failures_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(StoreError::unavailable("memories.since", "the disk is away"));
        }
        let rows = self.rows.lock().unwrap();
        let from = rows.partition_point(|row| row.seq <= after);
        Ok(rows[from..].iter().take(limit).cloned().collect())
    }

    fn latest(&self) -> u64 {
        self.rows.lock().unwrap().last().map_or(0, |row| row.seq)
    }
}

/// One person's memory and the search over it.
pub struct Desk {
    pub mint: IdMint,
    pub memories: Arc<ListedMemories>,
    pub index: Arc<ExactIndex>,
    pub search: Arc<Search>,
    pub owner: UserId,
}

impl Desk {
    pub fn new() -> Self {
        let mint = IdMint::new(Arc::new(ManualClock::at_millis(MORNING_MILLIS)), 0);
        let memories = Arc::new(ListedMemories::default());
        let index = Arc::new(ExactIndex::new(256));
        let owner = mint.next(UserId::from_uuid);
        let search = Arc::new(search_over(memories.clone(), index.clone()));
        Self { mint, memories, index, search, owner }
    }

    pub fn remember(&self, kind: MemoryKind, text: &str) -> Memory {
        self.remember_of(self.owner, kind, text, self.mint.next(MessageId::from_uuid))
    }

    pub fn remember_of(
        &self,
        owner: UserId,
        kind: MemoryKind,
        text: &str,
        message: MessageId,
    ) -> Memory {
        let agent = (kind == MemoryKind::Answer).then_some(AgentName::Research);
        self.memories.put(Memory {
            id: self.mint.next(MemoryId::from_uuid),
            owner,
            seq: 0,
            text: text.to_owned(),
            kind,
            tier: MemoryTier::Warm,
            provenance: Provenance {
                conversation_id: Some(self.mint.next(ConversationId::from_uuid)),
                message_id: Some(message),
                agent,
                author: None,
            },
            created_at: self.mint.clock().now(),
        })
    }
}

/// Makes a search with the built-in embedder.
pub fn search_over(memories: Arc<ListedMemories>, index: Arc<dyn VectorIndex>) -> Search {
    let texts = Arc::new(TextIndex::in_memory().unwrap());
    Search::new(memories, Arc::new(StaticEmbedder::load().unwrap()), index).with_texts(texts)
}
