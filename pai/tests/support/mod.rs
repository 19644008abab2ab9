//! What the recall tests share: memories in a list with a log of their changes, ids, embedders that
//! count or fail, and a search over them.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod embedders;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    ActionId, AgentName, ConversationId, IdMint, Memory, MemoryAction, MemoryHit, MemoryId,
    MemoryKind, MemoryTier, MessageId, Page, PageRequest, Provenance, SearchFilter, Signal,
    SignalId, StoreError, Timestamp, UserId,
    ports::{Change, Changed, Deeds, Memories, MemorySearch as _, VectorIndex},
    time::ManualClock,
};
use async_trait::async_trait;
use pai::memory::Search;
use vector::{ExactIndex, StaticEmbedder, TextIndex};

/// 2026-11-20T08:00:00Z.
pub const MORNING_MILLIS: u64 = 1_795_161_600_000;

/// The records' memories, held in a list with a log of changes; can be told to fail.
#[derive(Debug, Default)]
pub struct ListedMemories {
    rows: Mutex<Rows>,
    pub reads: AtomicUsize,
    pub gets: AtomicUsize,
    pub failures_left: AtomicUsize,
    /// How long reading what changed takes, in milliseconds.
    pub slow: AtomicUsize,
}

#[derive(Debug, Default)]
struct Rows {
    memories: HashMap<MemoryId, Memory>,
    positions: HashMap<MemoryId, u64>,
    texts: HashMap<MemoryId, u64>,
    log: BTreeMap<u64, (MemoryId, UserId)>,
    seq: u64,
    latest: u64,
}

impl Rows {
    fn note(&mut self, id: MemoryId, owner: UserId) {
        self.latest += 1;
        if let Some(old) = self.positions.insert(id, self.latest) {
            self.log.remove(&old);
        }
        self.log.insert(self.latest, (id, owner));
    }

    fn change(&self, position: u64, id: MemoryId, owner: UserId) -> Change {
        let now = match self.memories.get(&id) {
            None => Changed::Gone,
            Some(memory) if memory.standing.forgotten_at.is_some() => Changed::Gone,
            Some(memory) if memory.tier == MemoryTier::Cold => Changed::Archived,
            Some(memory) => Changed::Live(Box::new(memory.clone())),
        };
        let text_at = self.texts.get(&id).copied().unwrap_or(position);
        Change { position, text_at, id, owner, now }
    }
}

/// What an index has of a memory's text.
fn indexed(memory: &Memory) -> Option<&str> {
    let live = memory.standing.forgotten_at.is_none() && memory.tier != MemoryTier::Cold;
    live.then_some(&memory.text)
}

impl ListedMemories {
    /// Stores a memory, or another one in its place.
    pub fn put(&self, mut memory: Memory) -> Memory {
        let mut rows = self.rows.lock().unwrap();
        let known = rows.memories.get(&memory.id).map(|memory| memory.seq);
        memory.seq = known.unwrap_or(rows.seq + 1);
        rows.seq = rows.seq.max(memory.seq);
        rows.memories.insert(memory.id, memory.clone());
        rows.note(memory.id, memory.owner);
        let position = rows.latest;
        rows.texts.insert(memory.id, position);
        memory
    }

    /// Changes what may change, and notes it.
    pub fn change(&self, id: MemoryId, change: impl FnOnce(&mut Memory)) {
        let mut rows = self.rows.lock().unwrap();
        let memory = rows.memories.get_mut(&id).unwrap();
        let before = memory.clone();
        change(memory);
        let (owner, is_other) = (memory.owner, indexed(&before) != indexed(memory));
        rows.note(id, owner);
        if is_other {
            let position = rows.latest;
            rows.texts.insert(id, position);
        }
    }

    /// Moves a memory to the archive.
    pub fn archive(&self, id: MemoryId) {
        self.change(id, |memory| memory.tier = MemoryTier::Cold);
    }

    /// Returns all ids, in order.
    pub fn ids(&self) -> Vec<MemoryId> {
        let mut ids: Vec<_> = self.rows.lock().unwrap().memories.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Takes a memory away, as a purge does.
    pub fn purge(&self, id: MemoryId) {
        let mut rows = self.rows.lock().unwrap();
        let owner = rows.memories.remove(&id).unwrap().owner;
        rows.note(id, owner);
    }

    /// Takes a memory away without a trace, as a purge between two lines may.
    pub fn lose(&self, id: MemoryId) {
        self.rows.lock().unwrap().memories.remove(&id);
    }
}

#[async_trait]
impl Memories for ListedMemories {
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        let rows = self.rows.lock().unwrap();
        let shown =
            |memory: &&Memory| memory.owner == owner && memory.standing.forgotten_at.is_none();
        Ok(rows.memories.get(&id).filter(shown).cloned())
    }

    async fn list(
        &self,
        _: UserId,
        _: &SearchFilter,
        _: PageRequest,
    ) -> Result<Page<Memory>, StoreError> {
        Err(StoreError::invalid("memories.list", "recall does not list"))
    }

    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        match self.slow.load(Ordering::SeqCst) {
            0 => tokio::task::yield_now().await,
            millis => tokio::time::sleep(Duration::from_millis(millis as u64)).await,
        }
        let fails = |left: usize| left.checked_sub(1);
        if self.failures_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
            return Err(StoreError::unavailable("memories.since", "the disk is away"));
        }
        let rows = self.rows.lock().unwrap();
        let newer = rows.log.range(after + 1..).take(limit);
        Ok(newer.map(|(position, (id, owner))| rows.change(*position, *id, *owner)).collect())
    }

    fn latest(&self) -> u64 {
        self.rows.lock().unwrap().latest
    }
}

#[async_trait]
impl Deeds for ListedMemories {
    async fn actions(&self, _: UserId, _: PageRequest) -> Result<Page<MemoryAction>, StoreError> {
        Err(StoreError::invalid("memories.actions", "recall does not look at deeds"))
    }

    async fn action(&self, _: UserId, _: ActionId) -> Result<Option<MemoryAction>, StoreError> {
        Err(StoreError::invalid("memories.action", "recall does not look at deeds"))
    }

    async fn done_to(&self, _: UserId, _: &[MemoryId]) -> Result<Vec<Memory>, StoreError> {
        Err(StoreError::invalid("memories.done_to", "recall does not look at deeds"))
    }

    async fn signal(&self, _: UserId, _: SignalId) -> Result<Option<Signal>, StoreError> {
        Err(StoreError::invalid("memories.signal", "recall does not look at signals"))
    }

    async fn signals(&self, _: UserId, _: PageRequest) -> Result<Page<Signal>, StoreError> {
        Err(StoreError::invalid("memories.signals", "recall does not look at signals"))
    }

    async fn moved_since(&self, _: UserId, _: Timestamp) -> Result<u64, StoreError> {
        Err(StoreError::invalid("memories.moved_since", "recall does not look at signals"))
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
        let provenance = Provenance {
            conversation_id: Some(self.mint.next(ConversationId::from_uuid)),
            message_id: Some(message),
            agent,
            ..Provenance::default()
        };
        let (id, at) = (self.mint.next(MemoryId::from_uuid), self.mint.clock().now());
        let memory = Memory::new(id, owner, kind, text.to_owned(), provenance, at);
        self.memories.put(Memory { tier: MemoryTier::Warm, ..memory })
    }

    pub async fn found(&self, query: &str) -> Vec<MemoryHit> {
        self.found_in(query, SearchFilter::default()).await
    }

    pub async fn found_in(&self, query: &str, filter: SearchFilter) -> Vec<MemoryHit> {
        self.search.search(self.owner, query, filter, 10).await.unwrap().hits
    }
}

/// The texts of hits, in their order.
pub fn texts(hits: &[MemoryHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.memory.text.as_str()).collect()
}

/// Makes a search with the built-in embedder.
pub fn search_over(memories: Arc<ListedMemories>, index: Arc<dyn VectorIndex>) -> Search {
    let texts = Arc::new(TextIndex::in_memory().unwrap());
    Search::new(
        memories,
        Arc::new(StaticEmbedder::load().unwrap()),
        index,
        appliance_tasks::Tasks::new(),
    )
    .with_texts(texts)
}
