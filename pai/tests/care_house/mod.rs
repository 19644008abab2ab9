//! What the tests of care and keeper share: a real store in a folder of its own, a clock that moves
//! when told to, and tiers that can be told to fail or to hold still.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use appliance_core::{
    Actor, Batch, Citation, Collection, Conversation, ConversationId, IdMint, Memory, MemoryHit,
    MemoryId, MemoryKind, MemoryTier, Message, MessageId, Provenance, Role, StoreError, Timestamp,
    User, UserId, Write, intake,
    ports::{
        By, CareError, Cause, CollectionStats, Job, Memories, MemoryTiers, Moved, Records,
        Resident, SearchError, TierCounts,
    },
    time::ManualClock,
};
use async_trait::async_trait;
use pai::memory::{Care, CareParts, Indexes, Keeper, KeeperParts, Limits, Reader, VectorCache};
use storage_contract::given;
use storage_embedded::{DataDir, MemoryHotTier, Store};
use tempfile::TempDir;

/// 2026-11-20T08:00:00Z.
pub const MORNING_MILLIS: u64 = 1_795_161_600_000;

/// Indexes that count how often they are saved, and can be told to fail.
#[derive(Debug, Default)]
pub struct Shelves {
    pub saves: AtomicU64,
    pub failures_left: AtomicU64,
    pub job: Mutex<Option<Job>>,
}

#[async_trait]
impl Indexes for Shelves {
    async fn collections(&self, _: UserId) -> Result<Vec<CollectionStats>, StoreError> {
        let stats = |collection| CollectionStats {
            collection,
            model: "static".to_owned(),
            dim: 256,
            memories: 0,
        };
        Ok(Collection::ALL.map(stats).to_vec())
    }

    async fn copies(&self, _: &Memory) -> Result<Vec<MemoryId>, SearchError> {
        Ok(Vec::new())
    }

    async fn reindex(&self) -> Result<Job, CareError> {
        let (name, doing) = ("reindex".to_owned(), "reading".to_owned());
        let job = Job { name, doing, done: 0, total: 10, ended: false, failed: false };
        Ok(self.job.lock().unwrap().insert(job).clone())
    }

    fn progress(&self) -> Option<Job> {
        self.job.lock().unwrap().clone()
    }

    async fn save(&self) -> Result<(), StoreError> {
        take_failure(&self.failures_left, "indexes.save")?;
        self.saves.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        self.save().await
    }
}

/// The store's tiers; writes down the job at every page, and can be told to fail.
#[derive(Debug)]
pub struct WatchedTiers {
    pub store: Store,
    pub archive_failures_left: AtomicU64,
    pub warm_failures_left: AtomicU64,
    pub watcher: Mutex<Option<Arc<Care>>>,
    pub seen: Mutex<Vec<Job>>,
}

impl WatchedTiers {
    async fn watch(&self, owner: Option<UserId>) {
        let watcher = self.watcher.lock().unwrap().clone();
        let (Some(care), Some(owner)) = (watcher, owner) else { return };
        let stats = appliance_core::ports::MemoryCare::stats(&*care, owner).await.unwrap();
        self.seen.lock().unwrap().extend(stats.job);
    }
}

#[async_trait]
impl MemoryTiers for WatchedTiers {
    async fn residents(
        &self,
        tier: MemoryTier,
        place: u64,
        limit: usize,
    ) -> Result<Vec<Resident>, StoreError> {
        let page = self.store.residents(tier, place, limit).await?;
        assert!(page.len() <= 1_000, "a page of {}", page.len());
        self.watch(page.first().map(|resident| resident.owner)).await;
        Ok(page)
    }

    async fn warm(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
        assert!(ids.len() <= 1_000, "{} at once", ids.len());
        take_failure(&self.warm_failures_left, "tiers.warm")?;
        self.store.warm(ids, at).await
    }

    async fn archive(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
        assert!(ids.len() <= 1_000, "{} at once", ids.len());
        take_failure(&self.archive_failures_left, "tiers.archive")?;
        self.store.archive(ids, at).await
    }

    async fn compact(&self, at: Timestamp) -> Result<Option<Moved>, StoreError> {
        self.store.compact(at).await
    }

    async fn expire(&self, oldest: Timestamp, most_bytes: u64) -> Result<Moved, StoreError> {
        self.store.expire(oldest, most_bytes).await
    }

    async fn purge(&self, before: Timestamp) -> Result<Moved, StoreError> {
        self.store.purge(before).await
    }

    async fn counts(&self, owner: Option<UserId>) -> Result<TierCounts, StoreError> {
        self.store.counts(owner).await
    }
}

fn take_failure(left: &AtomicU64, op: &'static str) -> Result<(), StoreError> {
    let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    match fails {
        Ok(_) => Err(StoreError::unavailable(op, "the disk is away")),
        Err(_) => Ok(()),
    }
}

/// One person's memory in a store of its own.
pub struct House {
    pub clock: Arc<ManualClock>,
    pub mint: IdMint,
    pub store: Store,
    pub tiers: Arc<WatchedTiers>,
    pub hot: Arc<MemoryHotTier>,
    pub indexes: Arc<Shelves>,
    pub reader: Arc<Reader>,
    pub care: Arc<Care>,
    pub keeper: Arc<Keeper>,
    pub owner: UserId,
    pub limits: Limits,
    pub folder: TempDir,
}

impl House {
    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::at_millis(MORNING_MILLIS));
        let folder = TempDir::new().unwrap();
        let dir = DataDir::open(folder.path()).unwrap();
        let store = Store::open(&dir, clock.clone(), appliance_tasks::Tasks::new()).unwrap();
        let mint = IdMint::new(clock.clone(), 0);
        let hot = Arc::new(MemoryHotTier::new(limits.hot_per_agent));
        let tiers = Arc::new(WatchedTiers {
            store: store.clone(),
            archive_failures_left: AtomicU64::default(),
            warm_failures_left: AtomicU64::default(),
            watcher: Mutex::default(),
            seen: Mutex::default(),
        });
        let indexes = Arc::new(Shelves::default());
        let reader = Arc::new(Reader::new(Arc::new(store.clone()), tiers.clone(), hot.clone()));
        let care = Arc::new(Care::new(CareParts {
            records: Arc::new(store.clone()),
            memories: reader.clone(),
            tiers: tiers.clone(),
            conversations: Arc::new(store.clone()),
            indexes: indexes.clone(),
            tree: None,
            mint: mint.clone(),
            limits: limits.clone(),
        }));
        let keeper = Arc::new(Keeper::new(KeeperParts {
            tiers: tiers.clone(),
            reader: reader.clone(),
            care: care.clone(),
            indexes: indexes.clone(),
            upkeep: Arc::new(store.clone()),
            vectors: None,
            clock: clock.clone(),
            limits: limits.clone(),
        }));
        let owner = mint.next(UserId::from_uuid);
        let house = Self {
            clock,
            mint,
            store,
            tiers,
            hot,
            indexes,
            reader,
            care,
            keeper,
            owner,
            limits,
            folder,
        };
        house.person(owner).await;
        house.reader.fill(house.limits.hot_per_agent).await.unwrap();
        house
    }

    /// Makes another keeper of the same house.
    pub fn keeper_with(&self, limits: Limits) -> Keeper {
        Keeper::new(self.parts(limits))
    }

    /// Makes another keeper of the same house, which cleans `vectors` too.
    pub fn keeper_of(&self, vectors: Arc<dyn VectorCache>) -> Keeper {
        Keeper::new(KeeperParts { vectors: Some(vectors), ..self.parts(self.limits.clone()) })
    }

    fn parts(&self, limits: Limits) -> KeeperParts {
        KeeperParts {
            tiers: self.tiers.clone(),
            reader: self.reader.clone(),
            care: self.care.clone(),
            indexes: self.indexes.clone(),
            upkeep: Arc::new(self.store.clone()),
            vectors: None,
            clock: self.clock.clone(),
            limits,
        }
    }

    /// Makes another person.
    pub async fn somebody(&self) -> UserId {
        let id = self.mint.next(UserId::from_uuid);
        self.person(id).await;
        id
    }

    async fn person(&self, id: UserId) {
        self.write(vec![Write::PutUser(User { id, ..given::user(&self.mint) })]).await;
    }

    pub fn now(&self) -> Timestamp {
        self.mint.clock().now()
    }

    pub fn pass_days(&self, days: u64) {
        self.clock.advance(std::time::Duration::from_secs(days * 86_400));
    }

    pub async fn write(&self, writes: Vec<Write>) {
        self.store.apply(Batch { writes, ..Batch::new() }).await.unwrap();
    }

    pub fn by(&self) -> By {
        by(self.owner)
    }

    pub fn memory(&self, text: &str) -> Memory {
        let id = self.mint.next(MemoryId::from_uuid);
        let from = Provenance::default();
        Memory::new(id, self.owner, MemoryKind::Said, text.to_owned(), from, self.now())
    }

    pub async fn remember(&self, text: &str) -> MemoryId {
        let memory = self.memory(text);
        let id = memory.id;
        self.write(vec![Write::PutMemory(memory)]).await;
        id
    }

    /// Remembers `count` texts in a batch.
    pub async fn remember_many(&self, count: usize) -> Vec<MemoryId> {
        let memories: Vec<_> = (0..count)
            .map(|n| self.memory(&format!("ticket {n} of {} is closed", self.now())))
            .collect();
        let ids = memories.iter().map(|memory| memory.id).collect();
        for some in memories.chunks(500) {
            self.write(some.iter().cloned().map(Write::PutMemory).collect()).await;
        }
        ids
    }

    pub async fn get(&self, id: MemoryId) -> Option<Memory> {
        self.reader.get(self.owner, id).await.unwrap()
    }

    pub async fn tier(&self, id: MemoryId) -> Option<MemoryTier> {
        self.get(id).await.map(|memory| memory.tier)
    }

    pub async fn counts(&self) -> TierCounts {
        self.store.counts(None).await.unwrap()
    }

    pub async fn hit(&self, id: MemoryId) -> MemoryHit {
        MemoryHit {
            memory: self.get(id).await.unwrap(),
            score: 1.0,
            why: String::new(),
            joined: Vec::new(),
        }
    }

    pub async fn thread(&self) -> ConversationId {
        let thread: Conversation = intake::conversation(&self.mint, self.owner, None);
        let id = thread.id;
        self.write(vec![Write::PutConversation(thread)]).await;
        id
    }

    /// Stores an answer that cites these memories.
    pub async fn answer(&self, thread: ConversationId, cited: &[MemoryId]) -> MessageId {
        let id = self.mint.next(MessageId::from_uuid);
        let citations = cited.iter().zip(1..).map(|(memory, number)| Citation {
            number,
            memory_id: *memory,
            quote: "heron".to_owned(),
        });
        self.write(vec![Write::AppendMessage(Message {
            id,
            conversation_id: thread,
            seq: 0,
            role: Role::Assistant,
            content: "it is called heron [1]".to_owned(),
            agent: Some(appliance_core::AgentName::Research),
            parent_message_id: None,
            task_id: None,
            citations: citations.collect(),
            leans_on: Vec::new(),
            cut_off: None,
            model: Some("demo".to_owned()),
            created_at: self.now(),
        })])
        .await;
        id
    }
}

pub fn by(owner: UserId) -> By {
    let ip = Some("192.0.2.7".to_owned());
    By { owner, actor: Actor::User(owner), ip, cause: Cause::default() }
}
