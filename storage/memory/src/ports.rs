//! The query ports over the rules: each method is one question to a view.

use appliance_core::{
    ActionId, AgentName, ApiToken, Applied, AuditEvent, Batch, BatchKey, Conversation,
    ConversationId, ConversationStatus, Memory, MemoryAction, MemoryId, Message, MessageId, Page,
    PageRequest, SearchFilter, Session, SessionId, SetupLink, Signal, SignalId, StoreError, Task,
    TaskId, Timestamp, TokenHash, TokenId, User, UserId,
    ports::{
        AuditTrail, Change, Conversations, Deeds, Memories, Records, TaskFilter, Tasks, Users,
    },
};
use async_trait::async_trait;
use storage_rules::{
    Fault, agents_wanted, api_tokens, audit, batch_keys, conversations,
    memories::{Spot, Texts, actions, read, signals},
    messages, sessions, setup_links, tasks, users,
};

use crate::MemoryStore;

/// No archive: every text is in its row.
struct AllHere;

impl Texts for AllHere {
    fn read(&self, id: MemoryId, _spot: Spot) -> Result<String, Fault> {
        let why = format!("memory {id} is in an archive, and there is none");
        let error = StoreError::unavailable("memories.get", why);
        Err(Fault::Archive { place: "no archive".to_owned(), error })
    }

    fn is_settled(&self) -> bool {
        true
    }
}

#[async_trait]
impl Records for MemoryStore {
    async fn apply(&self, batch: Batch) -> Result<Applied, StoreError> {
        self.write(&batch)
    }

    async fn first_result(&self, key: &BatchKey) -> Result<Option<Applied>, StoreError> {
        const OP: &str = "records.first_result";
        let now = self.inner.clock.now();
        let first = self.read(OP, |view| batch_keys::first(view, key, now))?;
        first.transpose().map_err(|conflict| StoreError::conflict(OP, conflict))
    }
}

#[async_trait]
impl Users for MemoryStore {
    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read("users.get", |view| users::get(view, id))
    }

    async fn by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        self.read("users.by_email", |view| users::by_email(view, email))
    }

    async fn first(&self) -> Result<Option<User>, StoreError> {
        self.read("users.first", users::first)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read("users.session", |view| sessions::get(view, id))
    }

    async fn session_by_token(&self, hash: TokenHash) -> Result<Option<Session>, StoreError> {
        self.read("users.session_by_token", |view| sessions::by_token(view, hash))
    }

    async fn setup_link(&self, hash: TokenHash) -> Result<Option<SetupLink>, StoreError> {
        self.read("users.setup_link", |view| setup_links::get(view, hash))
    }

    async fn token(&self, id: TokenId) -> Result<Option<ApiToken>, StoreError> {
        self.read("users.token", |view| api_tokens::get(view, id))
    }

    async fn token_by_hash(&self, hash: TokenHash) -> Result<Option<ApiToken>, StoreError> {
        self.read("users.token_by_hash", |view| api_tokens::by_hash(view, hash))
    }

    async fn tokens(&self, owner: UserId) -> Result<Vec<ApiToken>, StoreError> {
        self.read("users.tokens", |view| api_tokens::of(view, owner))
    }
}

#[async_trait]
impl Conversations for MemoryStore {
    async fn get(
        &self,
        owner: UserId,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        self.read("conversations.get", |view| conversations::get(view, owner, id))
    }

    async fn list(
        &self,
        owner: UserId,
        status: ConversationStatus,
        page: PageRequest,
    ) -> Result<Page<Conversation>, StoreError> {
        self.read("conversations.list", |view| conversations::list(view, owner, status, page))
    }

    async fn messages(
        &self,
        owner: UserId,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.read("conversations.messages", |view| messages::list(view, owner, id, page))
    }

    async fn message(&self, owner: UserId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.read("conversations.message", |view| messages::get(view, owner, id))
    }
}

#[async_trait]
impl Tasks for MemoryStore {
    async fn get(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.read("tasks.get", |view| tasks::get(view, id))
    }

    async fn list(
        &self,
        owner: UserId,
        filter: TaskFilter,
        page: PageRequest,
    ) -> Result<Page<Task>, StoreError> {
        self.read("tasks.list", |view| tasks::list(view, owner, filter, page))
    }

    async fn children(&self, parent: TaskId) -> Result<Vec<Task>, StoreError> {
        self.read("tasks.children", |view| tasks::children(view, parent))
    }
}

#[async_trait]
impl AuditTrail for MemoryStore {
    async fn events(&self, page: PageRequest) -> Result<Page<AuditEvent>, StoreError> {
        self.read("trail.events", |view| audit::list(view, page))
    }

    async fn agent_wanted(&self, agent: AgentName) -> Result<bool, StoreError> {
        self.read("trail.agent_wanted", |view| agents_wanted::get(view, agent))
    }
}

#[async_trait]
impl Memories for MemoryStore {
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        self.read("memories.get", |view| {
            let entry = read::shown(view, owner, id)?;
            entry.map(|entry| read::whole(view, &AllHere, entry)).transpose()
        })
    }

    async fn list(
        &self,
        owner: UserId,
        filter: &SearchFilter,
        page: PageRequest,
    ) -> Result<Page<Memory>, StoreError> {
        self.read("memories.list", |view| read::list(view, &AllHere, owner, filter, page))
    }

    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        self.read("memories.since", |view| read::since(view, after, limit))
    }

    fn latest(&self) -> u64 {
        self.latest_memory()
    }
}

#[async_trait]
impl Deeds for MemoryStore {
    async fn actions(
        &self,
        owner: UserId,
        page: PageRequest,
    ) -> Result<Page<MemoryAction>, StoreError> {
        self.read("memories.actions", |view| actions::list(view, &AllHere, owner, page))
    }

    async fn action(
        &self,
        owner: UserId,
        id: ActionId,
    ) -> Result<Option<MemoryAction>, StoreError> {
        self.read("memories.action", |view| actions::get(view, &AllHere, owner, id))
    }

    async fn done_to(&self, owner: UserId, ids: &[MemoryId]) -> Result<Vec<Memory>, StoreError> {
        self.read("memories.done_to", |view| read::those(view, &AllHere, owner, ids))
    }

    async fn signals(&self, owner: UserId, page: PageRequest) -> Result<Page<Signal>, StoreError> {
        self.read("memories.signals", |view| signals::list(view, owner, page))
    }

    async fn signal(&self, owner: UserId, id: SignalId) -> Result<Option<Signal>, StoreError> {
        self.read("memories.signal", |view| signals::get(view, owner, id))
    }

    async fn moved_since(&self, owner: UserId, from: Timestamp) -> Result<u64, StoreError> {
        self.read("memories.moved_since", |view| signals::moved_since(view, owner, from))
    }
}
