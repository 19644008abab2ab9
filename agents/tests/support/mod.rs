//! What the tests of this crate share: a real store in a temporary directory with one person in it.
//!
//! The search is a plain one over the store's memories, so that these tests need no embedder.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod rig;
pub mod said;
pub mod server;
pub mod talk;

use std::{sync::Arc, time::Duration};

use agents::desk;
use appliance_core::{
    AgentName, ConversationId, IdMint, Incarnation, IncarnationId, LiveEvent, Memory, MemoryHit,
    MemoryId, MemoryKind, Message, PageRequest, Priority, Provenance, SearchFilter, Signal,
    StoreError, Task, Topic, User, UserId, UserRole, Write,
    batch::Batch,
    desk::{Lease, Work},
    intake::{self, Accepted, Incoming},
    memory::MemoryHits,
    ports::{
        CareError, CollectionStats, Conversations, Deeds, Desk, Job, Live, Memories, MemoryCare,
        MemorySearch, Records, SearchError, Streams, Subscription, Tasks,
    },
    time::{Clock, Monotonic, Timestamp},
};
use appliance_phrases::utterance;
use async_trait::async_trait;
use pai::{
    learning::Tree,
    memory::{Care, CareParts, Indexes, Limits},
};
use storage_embedded::{DataDir, LiveHub, Store};

/// Real time, for tests that wait for real things.
#[derive(Debug)]
pub struct RealClock(tokio::time::Instant);

impl RealClock {
    pub fn start() -> Arc<Self> {
        Arc::new(Self(tokio::time::Instant::now()))
    }
}

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "this is a test's door to time")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap())
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.elapsed())
    }

    fn lived(&self) -> Timestamp {
        self.now()
    }

    fn confirm(&self) {}
}

/// A store with one person and one conversation, and a desk over it.
pub struct House {
    pub store: Store,
    pub live: Arc<LiveHub>,
    pub mint: IdMint,
    pub desk: Arc<desk::Service>,
    pub care: Arc<Care>,
    pub tree: Arc<Tree>,
    pub owner: UserId,
    pub conversation: ConversationId,
    pub dir: tempfile::TempDir,
}

impl House {
    pub async fn build() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = RealClock::start();
        let store = Store::open(
            &DataDir::open(dir.path()).unwrap(),
            clock.clone(),
            appliance_tasks::Tasks::new(),
        )
        .unwrap();
        let mint = IdMint::new(clock, store.newest_millis());
        let live = Arc::new(LiveHub::new(7));
        let owner = mint.next(UserId::from_uuid);
        let thread = intake::conversation(&mint, owner, None);
        let conversation = thread.id;
        let batch = Batch::new()
            .write(Write::PutUser(person(&mint, owner)))
            .write(Write::PutConversation(thread));
        store.apply(batch).await.unwrap();
        let care = Arc::new(care(&store, &mint));
        let tree = Arc::new(Tree::new(dir.path(), appliance_tasks::Tasks::new()));
        let parts = parts(&store, &live, care.clone(), &tree, &mint);
        let desk = Arc::new(desk::Service::new(parts));
        Self { store, live, mint, desk, care, tree, owner, conversation, dir }
    }

    /// A second desk over the same store, as after a restart: it remembers no command.
    pub fn restarted_desk(&self) -> desk::Service {
        self.desk_with(self.care.clone())
    }

    /// A second desk over the same store with another care.
    pub fn desk_with(&self, care: Arc<dyn MemoryCare>) -> desk::Service {
        desk::Service::new(parts(&self.store, &self.live, care, &self.tree, &self.mint))
    }

    /// Keeps a note; returns its id.
    pub async fn remember(&self, text: &str) -> MemoryId {
        let id = self.mint.next(MemoryId::from_uuid);
        let (from, now) = (Provenance::default(), self.mint.clock().now());
        let note = Memory::new(id, self.owner, MemoryKind::Note, text.to_owned(), from, now);
        self.store.apply(Batch::new().write(Write::PutMemory(note))).await.unwrap();
        id
    }

    /// A new life of an agent.
    pub fn life(&self, agent: AgentName) -> Incarnation {
        Incarnation { agent, id: self.mint.next(IncarnationId::from_uuid) }
    }

    /// Says something in the conversation.
    pub async fn say(&self, text: &str) -> Accepted {
        self.say_with(text, Priority::NORMAL).await
    }

    pub async fn say_with(&self, text: &str, priority: Priority) -> Accepted {
        self.say_in(self.conversation, text, priority).await
    }

    /// Says something in a conversation of its own.
    pub async fn say_elsewhere(&self, text: &str) -> Accepted {
        let thread = intake::conversation(&self.mint, self.owner, None);
        let id = thread.id;
        self.store.apply(Batch::new().write(Write::PutConversation(thread))).await.unwrap();
        self.say_in(id, text, Priority::NORMAL).await
    }

    async fn say_in(
        &self,
        conversation_id: ConversationId,
        text: &str,
        priority: Priority,
    ) -> Accepted {
        let (batch, ids) = intake::message(
            &self.mint,
            &Incoming {
                owner: self.owner,
                conversation_id,
                content: text.to_owned(),
                remembered: utterance::worth_keeping(text).map(str::to_owned),
                priority,
                actor_ip: None,
                key: None,
            },
        );
        self.store.apply(batch).await.unwrap();
        ids
    }

    /// Leases the next work; there must be some.
    pub async fn lease(&self, who: Incarnation) -> Work {
        let work = self.desk.lease_next(who, &[], Duration::from_secs(2)).await.unwrap();
        work.unwrap_or_else(|| panic!("no work for {}", who.agent))
    }

    /// Leases the next work beside what is in hand.
    pub async fn lease_beside(&self, who: Incarnation, held: &[Lease]) -> Work {
        let work = self.desk.lease_next(who, held, Duration::from_secs(2)).await.unwrap();
        work.unwrap_or_else(|| panic!("no more work for {}", who.agent))
    }

    /// Tells that there is no work just now.
    pub async fn has_none(&self, who: Incarnation) -> bool {
        self.desk.lease_next(who, &[], Duration::from_millis(50)).await.unwrap().is_none()
    }

    pub async fn task(&self, id: appliance_core::TaskId) -> Task {
        Tasks::get(&self.store, id).await.unwrap().unwrap()
    }

    pub async fn answer(&self, ids: Accepted) -> Option<Message> {
        self.store.message(self.owner, ids.answer_id).await.unwrap()
    }

    /// What is remembered, newest first, learnings not.
    pub async fn memories(&self) -> Vec<Memory> {
        let mut all = self.everything(self.owner).await;
        all.retain(|memory| memory.kind != MemoryKind::Learning);
        all
    }

    pub async fn learnings(&self) -> Vec<Memory> {
        let mut all = self.everything(self.owner).await;
        all.retain(|memory| memory.kind == MemoryKind::Learning);
        all
    }

    /// The texts of what people said, noted and were answered, newest first.
    pub async fn texts(&self) -> Vec<String> {
        self.memories().await.into_iter().map(|memory| memory.text).collect()
    }

    pub async fn signals(&self) -> Vec<Signal> {
        let page = PageRequest::new(100, None);
        Deeds::signals(&self.store, self.owner, page).await.unwrap().items
    }

    async fn everything(&self, owner: UserId) -> Vec<Memory> {
        let page = PageRequest::new(100, None);
        Memories::list(&self.store, owner, &SearchFilter::default(), page).await.unwrap().items
    }

    pub fn watch(&self) -> Box<dyn Subscription> {
        self.live.subscribe(Topic::Conversation(self.conversation))
    }

    pub async fn waiting_on_bus(&self) -> u64 {
        let depths = self.store.depths(appliance_core::bus::AGENTS_GROUP).await.unwrap();
        depths.into_iter().map(|(_, depth)| depth).sum()
    }
}

/// Returns the next event, which must come soon.
pub async fn next(events: &mut Box<dyn Subscription>) -> LiveEvent {
    let event = tokio::time::timeout(Duration::from_secs(5), events.next()).await;
    event.expect("an event in 5 s").expect("the feed goes on").expect("nothing dropped")
}

fn person(mint: &IdMint, id: UserId) -> User {
    let now = mint.clock().now();
    User {
        id,
        email: None,
        password_hash: None,
        display_name: "Test".to_owned(),
        role: UserRole::Admin,
        is_active: true,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    }
}

/// Finds memories that share a word with the query.
#[derive(Debug)]
pub struct WordSearch(pub Store);

#[async_trait]
impl MemorySearch for WordSearch {
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: SearchFilter,
        limit: usize,
    ) -> Result<MemoryHits, SearchError> {
        if query.trim().is_empty() {
            return Err(SearchError::Empty);
        }
        let page = PageRequest::new(100, None);
        let all = Memories::list(&self.0, owner, &filter, page).await?.items;
        let shares = |text: &str| query.split_whitespace().any(|word| text.contains(word));
        let hits = all.into_iter().filter(|memory| shares(&memory.text));
        let hit = |memory| MemoryHit {
            memory,
            score: 0.5,
            why: "shares a word".to_owned(),
            joined: Vec::new(),
        };
        Ok(hits.take(limit).map(hit).collect::<Vec<_>>().into())
    }
}

fn parts(
    store: &Store,
    live: &Arc<LiveHub>,
    care: Arc<dyn MemoryCare>,
    tree: &Arc<Tree>,
    mint: &IdMint,
) -> desk::Parts {
    desk::Parts {
        records: Arc::new(store.clone()),
        tasks: Arc::new(store.clone()),
        conversations: Arc::new(store.clone()),
        streams: Arc::new(store.clone()),
        live: live.clone(),
        search: Arc::new(WordSearch(store.clone())),
        memories: Arc::new(store.clone()),
        care,
        tree: tree.clone(),
        mint: mint.clone(),
    }
}

/// The real care over the store, with nothing to index.
fn care(store: &Store, mint: &IdMint) -> Care {
    Care::new(CareParts {
        records: Arc::new(store.clone()),
        memories: Arc::new(store.clone()),
        tiers: Arc::new(store.clone()),
        conversations: Arc::new(store.clone()),
        indexes: Arc::new(NoIndexes),
        tree: None,
        mint: mint.clone(),
        limits: Limits::default(),
    })
}

#[derive(Debug)]
struct NoIndexes;

#[async_trait]
impl Indexes for NoIndexes {
    async fn collections(&self, _owner: UserId) -> Result<Vec<CollectionStats>, StoreError> {
        Ok(Vec::new())
    }

    async fn copies(&self, _memory: &Memory) -> Result<Vec<MemoryId>, SearchError> {
        Ok(Vec::new())
    }

    async fn reindex(&self) -> Result<Job, CareError> {
        Err(CareError::Busy("reindex"))
    }

    fn progress(&self) -> Option<Job> {
        None
    }

    async fn save(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
