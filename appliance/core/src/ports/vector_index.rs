//! The role that finds near vectors. Holds no text: records are the truth, this is derived.

use std::fmt;

use async_trait::async_trait;

use crate::{
    AgentName, Embedding, MemoryId, MemoryTier, MessageId, SearchFilter, StoreError, UserId,
};

/// One vector with what a search may filter by.
#[derive(Debug, Clone)]
pub struct IndexEntry {
    /// The memory.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// Its tier.
    pub tier: MemoryTier,
    /// The agent that said it.
    pub agent: Option<AgentName>,
    /// The message it came from.
    pub message_id: Option<MessageId>,
    /// Its vector.
    pub embedding: Embedding,
}

/// Finds the nearest vectors of one owner. MUST never return another owner's, and MUST return
/// `k` when `k` match.
#[async_trait]
pub trait VectorIndex: fmt::Debug + Send + Sync {
    /// Inserts or replaces; searchable when it returns.
    ///
    /// # Errors
    /// `Invalid` for a vector of another dimension.
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError>;

    /// Returns up to `k` ids with their cosine, nearest first.
    ///
    /// # Errors
    /// `Invalid` for a query of another dimension.
    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError>;

    /// Removes those of `ids` that are `owner`'s; returns how many there were. Gone from searches
    /// when it returns; an id that is not there, or is another's, is no error.
    ///
    /// # Errors
    /// `Unavailable` when the index cannot be reached.
    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError>;

    /// Returns how many vectors it holds.
    fn len(&self) -> usize;

    /// Tells whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
