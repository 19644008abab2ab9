//! The store: one file behind all the query ports, one writer behind `Records`.
//!
//! Point reads run inline (about 2 us, no hop), scans where work may block. Does not decide what is
//! read by whom: every question names its owner.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use appliance_core::{
    AgentName, ApiToken, Applied, AuditEvent, Batch, BatchKey, Clock, Conversation, ConversationId,
    ConversationStatus, HistoryId, Message, MessageId, Page, PageRequest, Session, SessionId,
    SetupLink, StoreError, Task, TaskId, TokenHash, TokenId, User, UserId,
    ports::{
        AuditTrail, Conversations, Records, Rewritten, StoreHealth, StoreSigns, StoreState,
        TaskFilter, Tasks, Users,
    },
};
use appliance_tasks::{TaskKind, Tasks as Home};
use async_trait::async_trait;
use storage_rules::{
    Draft, Fault as RuleFault, Refusal, View, agents_wanted, api_tokens, audit, batch_keys,
    conversations, messages, sessions, setup_links, tasks, users,
};

use crate::{
    DataDir, OpenError,
    cold::Archive,
    data_dir::ARCHIVE,
    database,
    engine::{Engine, Room, writer::Writer},
    fault::Fault,
    history, kept, making,
    medium::Beside,
    place::Place,
    reserve::Reserve,
    shared::{OnEnd, OpenFault, Shared},
    signs::Signs,
    tiers::begin::begin,
};

/// A scan over one table or more.
const SCAN: TaskKind = TaskKind::new("records.scan");

/// The file in the data directory that keeps a little room.
const RESERVE: &str = "reserve";

/// All records and the bus. Clones share one file, one writer and one claim on the directory.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    // Dropped first: the writer finishes while the file is still open.
    writer: Writer,
    shared: Arc<Shared>,
    place: Arc<Place>,
    room: Room,
    home: Home,
    _claim: DataDir,
}

impl Store {
    /// Opens the records in `dir`, or makes them; what blocks is done in `home`. An end
    /// of the store is logged.
    ///
    /// # Errors
    /// [`OpenError::Corrupt`] for a damaged file, which is left as it is, [`OpenError::Missing`] for
    /// a history without its file; else what the system said.
    pub fn open(dir: &DataDir, clock: Arc<dyn Clock>, home: Home) -> Result<Self, OpenError> {
        Self::open_or_end(dir, clock, home, Arc::new(|_| {}))
    }

    /// Opens the records in `dir`, or makes them. `on_end` is called once, from the writer's thread,
    /// when nobody can know any more what is on disk; nothing is acknowledged after it. A file that
    /// there is no room to write to is open all the same, to be read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_or_end(
        dir: &DataDir,
        clock: Arc<dyn Clock>,
        home: Home,
        on_end: OnEnd,
    ) -> Result<Self, OpenError> {
        let path = dir.state_file();
        let archive = Arc::new(Archive::open(&dir.path().join(ARCHIVE))?);
        let beside = Beside {
            signs: Arc::new(Signs::new(clock.clone())),
            reserve: Arc::new(Reserve::at(&dir.path().join(RESERVE))),
        };
        history::refuse_a_lost_file(dir)?;
        kept::tell(dir.path());
        making::clear(&path);
        let place = Arc::new(Place::at(&path));
        let opener = database::opener(&place, &beside);
        let begun = Shared::open(&opener, clock, beside, archive).map_err(|fault| match fault {
            OpenFault::Open(error) => error,
            OpenFault::Content(fault) => {
                OpenError::Corrupt { path: path.clone(), why: fault.to_string() }
            }
        })?;
        let shared = Arc::clone(&begun.shared);
        let room = Room::around(dir.path());
        let engine = Engine::new(begun, opener, room, on_end).in_file(&place);
        let writer = Writer::start(engine, &shared.signs, &home)
            .map_err(|source| OpenError::Io { doing: "starting the writer of", path, source })?;
        history::leave_a_sign(dir, shared.history);
        let inner = Inner {
            writer,
            shared,
            place,
            room: Room::around(dir.path()),
            home,
            _claim: dir.clone(),
        };
        let store = Self { inner: Arc::new(inner) };
        begin(store.shared(), store.archive());
        Ok(store)
    }

    /// Returns the newest id's unix milliseconds: the floor for an `IdMint`.
    #[must_use]
    pub fn newest_millis(&self) -> u64 {
        self.shared().newest_millis.load(Ordering::Acquire)
    }

    /// Returns which history these records are: made with the file, and never changed. What is
    /// derived from the records carries it and is compared with it.
    #[must_use]
    pub fn history(&self) -> HistoryId {
        self.shared().history
    }

    /// Finishes the batches that wait, closes the file and sends waiting takers home.
    ///
    /// Later calls on any clone are refused as `Unavailable`. Blocks for as long as one commit.
    pub fn close(&self) {
        self.shared().signs.note_closing();
        self.inner.writer.close();
        self.shared().bus.close();
        drop(self.shared().db.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(crate) fn home(&self) -> &Home {
        &self.inner.home
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.inner.place
    }

    /// Returns the archive of texts that nobody has asked for in a while.
    pub(crate) fn archive(&self) -> &Arc<Archive> {
        &self.shared().archive
    }

    /// Makes a change of the store's own, in a transaction of its own; on disk when it returns.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        op: &'static str,
        job: impl FnOnce(&mut Draft<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let job = Box::new(move |draft: &mut Draft<'_>| {
            let _ = tell.send(job(draft)?); // its receiver waits below
            Ok(())
        });
        self.inner.writer.run(job).await?;
        told.try_recv().map_err(|_| Fault::Lost.at(op))
    }

    /// Has the file made anew by the writer; the other files were after `seen` purges.
    pub(crate) async fn rewrite_file(&self, seen: u64) -> Result<Rewritten, StoreError> {
        self.inner.writer.rewrite(seen).await
    }

    pub(crate) fn read<T>(
        &self,
        op: &'static str,
        ask: impl FnOnce(&dyn View) -> Result<T, RuleFault>,
    ) -> Result<T, StoreError> {
        self.shared().read(op, ask)
    }

    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        op: &'static str,
        ask: impl FnOnce(&dyn View) -> Result<T, RuleFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(self.shared());
        self.off(SCAN, op, move || shared.read(op, ask)).await
    }

    /// Does what blocks where it may; to its end, whoever stops waiting for it.
    pub(crate) async fn off<T: Send + 'static>(
        &self,
        kind: TaskKind,
        op: &'static str,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = self.inner.home.blocking(kind, work).await;
        done.unwrap_or_else(|_| Err(Fault::Lost.at(op)))
    }
}

#[async_trait]
impl Records for Store {
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        self.inner.writer.apply(batch).await
    }

    async fn first_result(&self, key: &BatchKey) -> Result<Option<Applied>, StoreError> {
        const OP: &str = "records.first_result";
        let now = self.shared().clock.now();
        let first = self.read(OP, |file| batch_keys::first(file, key, now))?;
        first.transpose().map_err(|conflict| StoreError::conflict(OP, conflict))
    }
}

impl StoreSigns for Store {
    fn signs(&self) -> StoreHealth {
        let mut health = self.shared().signs.read();
        if health.state != StoreState::Well {
            self.shared().signs.call_writer(); // what was wrong may have passed
        } else if self.inner.room.is_gone() {
            let why = "next to nothing is free on the disk of the data directory";
            health.state = StoreState::Full(why.to_owned()); // nothing was tried yet
        }
        health
    }
}

#[async_trait]
impl Users for Store {
    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read("users.get", |file| users::get(file, id))
    }

    async fn by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.read("users.by_email", |file| users::by_email(file, email))
    }

    async fn first(&self) -> Result<Option<User>, StoreError> {
        self.read("users.first", users::first)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read("users.session", |file| sessions::get(file, id))
    }

    async fn session_by_token(&self, hash: TokenHash) -> Result<Option<Session>, StoreError> {
        self.read("users.session_by_token", |file| sessions::by_token(file, hash))
    }

    async fn setup_link(&self, hash: TokenHash) -> Result<Option<SetupLink>, StoreError> {
        self.read("users.setup_link", |file| setup_links::get(file, hash))
    }

    async fn token(&self, id: TokenId) -> Result<Option<ApiToken>, StoreError> {
        self.read("users.token", |file| api_tokens::get(file, id))
    }

    async fn token_by_hash(&self, hash: TokenHash) -> Result<Option<ApiToken>, StoreError> {
        self.read("users.token_by_hash", |file| api_tokens::by_hash(file, hash))
    }

    async fn tokens(&self, owner: UserId) -> Result<Vec<ApiToken>, StoreError> {
        self.read("users.tokens", |file| api_tokens::of(file, owner))
    }
}

#[async_trait]
impl Conversations for Store {
    async fn get(
        &self,
        owner: UserId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        self.read("conversations.get", |file| conversations::get(file, owner, id))
    }

    async fn list(
        &self,
        owner: UserId,
        status: ConversationStatus,
        page: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        self.scan("conversations.list", move |file| conversations::list(file, owner, status, page))
            .await
    }

    async fn messages(
        &self,
        owner: UserId,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.scan("conversations.messages", move |file| messages::list(file, owner, id, page)).await
    }

    async fn message(&self, owner: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.read("conversations.message", |file| messages::get(file, owner, id))
    }
}

#[async_trait]
impl Tasks for Store {
    async fn get(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.read("tasks.get", |file| tasks::get(file, id))
    }

    async fn list(
        &self,
        owner: UserId,
        filter: TaskFilter,
        page: PageRequest,
    ) -> Result<Page<Task>, StoreError> {
        self.scan("tasks.list", move |file| tasks::list(file, owner, filter, page)).await
    }

    async fn children(&self, parent: TaskId) -> Result<Vec<Task>, StoreError> {
        self.scan("tasks.children", move |file| tasks::children(file, parent)).await
    }
}

#[async_trait]
impl AuditTrail for Store {
    async fn events(&self, page: PageRequest) -> Result<Page<AuditEvent>, StoreError> {
        self.scan("trail.events", move |file| audit::list(file, page)).await
    }

    async fn agent_wanted(&self, agent: AgentName) -> Result<bool, StoreError> {
        self.read("trail.agent_wanted", |file| agents_wanted::get(file, agent))
    }
}
