//! The role that looks after memories for people: forget, undo, correct, pin, rate, count.
//!
//! Everything a person can do to a memory besides saying it, for every face (API, command line, MCP,
//! agents) alike. Each deed is one batch with its audit line, under the key of its cause: asked for
//! again, it answers with what was done the first time.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    ActionId, Actor, BatchKey, Collection, Condition, ConversationId, Memory, MemoryAction,
    MemoryHit, MemoryId, MessageId, Provenance, Signal, SignalType, StoreError, TaskId, UserId,
    ports::{SearchError, TierCounts},
};

/// Why something cannot be done to a memory.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// There is no such memory of that owner.
    #[error("there is no memory {0}; it may have been forgotten or have expired")]
    Unknown(MemoryId),
    /// There is nothing to undo.
    #[error(
        "there is nothing to undo; what was done more than 30 days ago, or to what was purged since, \
         is final"
    )]
    NothingToUndo,
    /// What was given makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// Another run of the same job has not ended.
    #[error("{0} is running already; look at its progress and try again when it is done")]
    Busy(&'static str),
    /// The job that was begun under the same key is over.
    #[error("the {0} under this key ended with an earlier run of the server; ask under a new key")]
    Over(&'static str),
    /// The search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who does it, to whose memories, and because of what.
#[derive(Debug, Clone)]
pub struct By {
    /// Whose memories.
    pub owner: UserId,
    /// Who acts, for the audit trail.
    pub actor: Actor,
    /// From where.
    pub ip: Option<String>,
    /// What makes a repeat known.
    pub cause: Cause,
}

impl By {
    /// Returns the same because of `cause`.
    #[must_use]
    pub fn because_of(self, cause: Cause) -> Self {
        Self { cause, ..self }
    }
}

/// What a deed is done because of: a person's request, or a task that an agent works on.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    /// Names the deed; asked for again under this key, it is not done again and the first result
    /// is returned.
    pub key: Option<BatchKey>,
    /// What must hold when it is done: an agent's lease.
    pub fence: Option<Condition>,
    /// The task, if an agent does it.
    pub task_id: Option<TaskId>,
    /// Ids that the caller answers with, kept with the key after the deed's own
    /// ([`Applied::ids`](crate::Applied::ids)).
    pub told: Vec<MemoryId>,
}

impl Cause {
    /// A person's request, under the key it came with.
    #[must_use]
    pub fn request(key: Option<BatchKey>) -> Self {
        Self { key, ..Self::default() }
    }
}

/// What is so in the place of a memory, and what goes with that in the same batch.
#[derive(Debug, Clone)]
pub struct Correction {
    /// What is wrong or no longer so.
    pub old: MemoryId,
    /// What is so.
    pub text: String,
    /// Where that is from.
    pub provenance: Provenance,
    /// Memories that say the same wrong thing; they are forgotten, in a deed of their own.
    pub copies: Vec<MemoryId>,
    /// What the correction tells about the answer it was about.
    pub told: Option<Told>,
}

impl Correction {
    /// Puts `text` in the place of `old`, and nothing else.
    #[must_use]
    pub fn new(old: MemoryId, text: impl Into<String>) -> Self {
        let (provenance, copies) = (Provenance::default(), Vec::new());
        Self { old, text: text.into(), provenance, copies, told: None }
    }
}

/// What a person or a task tells about an answer.
#[derive(Debug, Clone)]
pub struct Told {
    /// Which kind.
    pub kind: SignalType,
    /// How strongly, in thousandths, see [`Signal::strength`].
    pub strength: i32,
    /// The rating as given, such as 8 of 10.
    pub rating: Option<(u8, u8)>,
    /// The person's words.
    pub comment: Option<String>,
    /// The conversation it is about; without an answer, its last one is meant.
    pub conversation_id: Option<ConversationId>,
    /// The answer it is about.
    pub message_id: Option<MessageId>,
    /// The task it is about.
    pub task_id: Option<TaskId>,
    /// What is learned from it, kept in the same batch.
    pub learned: Vec<Memory>,
}

/// How full memory is, against its limits, for one owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryStats {
    /// The owner's memories.
    pub mine: TierCounts,
    /// Everybody's, which the limits hold.
    pub all: TierCounts,
    /// Most memories the hot tier takes, an agent.
    pub hot_limit: u64,
    /// Most memories the warm tier takes.
    pub warm_limit: u64,
    /// Most bytes the archive takes.
    pub cold_limit_bytes: u64,
    /// The four collections.
    pub collections: Vec<CollectionStats>,
    /// The job that is running, or ran last.
    pub job: Option<Job>,
}

/// One collection and the vectors it is found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionStats {
    /// Which.
    pub collection: Collection,
    /// The embedder's model.
    pub model: String,
    /// The length of its vectors.
    pub dim: usize,
    /// The owner's memories in it, forgotten and archived ones not.
    pub memories: u64,
}

/// A long piece of work, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// `maintenance` or `reindex`.
    pub name: String,
    /// What it does just now, or what it ended with, for a person.
    pub doing: String,
    /// Memories done.
    pub done: u64,
    /// Memories in all; 0 when that is not known.
    pub total: u64,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it ended without having done all of it; `doing` says what is left.
    pub failed: bool,
}

impl Job {
    /// Tells whether it has not ended yet.
    #[must_use]
    pub const fn runs(&self) -> bool {
        !self.ended
    }
}

/// Looks after memories.
#[async_trait]
pub trait MemoryCare: fmt::Debug + Send + Sync {
    /// Forgets; returns the deed, which can be undone for 30 days.
    ///
    /// # Errors
    /// As [`CareError`] tells; so for all methods here.
    async fn forget(&self, by: &By, ids: Vec<MemoryId>) -> Result<MemoryAction, CareError>;

    /// Puts a text in the place of a memory that is wrong or no longer so; a search `as of` an
    /// earlier moment still finds the old one.
    async fn correct(
        &self,
        by: &By,
        correction: Correction,
    ) -> Result<(Memory, MemoryAction), CareError>;

    /// Keeps a memory out of eviction and archive, or no longer.
    async fn pin(&self, by: &By, id: MemoryId, pinned: bool) -> Result<MemoryAction, CareError>;

    /// Undoes a deed, the owner's newest that is not undone when none is named.
    async fn undo(&self, by: &By, action: Option<ActionId>) -> Result<MemoryAction, CareError>;

    /// Takes a signal in and moves the utility of the memories that the answer cited, within the
    /// person's share.
    async fn signal(&self, by: &By, told: Told) -> Result<Signal, CareError>;

    /// Notes that a search's hits were used, best first. Lossy: counts, nothing that is asked for.
    async fn used(&self, owner: UserId, hits: &[MemoryHit]);

    /// Returns how full memory is.
    async fn stats(&self, owner: UserId) -> Result<MemoryStats, CareError>;

    /// Starts building the indexes anew beside the ones in use; returns at once.
    async fn reindex(&self, by: &By) -> Result<Job, CareError>;

    /// Has the maintenance run now, which makes files anew that hold what was purged; returns at once.
    async fn maintain(&self, by: &By) -> Result<Job, CareError>;
}
