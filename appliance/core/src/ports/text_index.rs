//! The role that finds texts by their words. Derived: the records are the truth, this can be rebuilt.

use std::fmt;

use async_trait::async_trait;

use crate::{
    AgentName, ConversationId, MemoryId, MemoryTier, MessageId, SearchFilter, StoreError, UserId,
};

/// One text with what a search may filter by.
#[derive(Debug, Clone)]
pub struct TextEntry {
    /// The memory.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// Its position in the records.
    pub seq: u64,
    /// Its tier.
    pub tier: MemoryTier,
    /// The agent that said or stored it.
    pub agent: Option<AgentName>,
    /// The conversation it was said in.
    pub conversation_id: Option<ConversationId>,
    /// The message it came from.
    pub message_id: Option<MessageId>,
    /// Who said it, by name.
    pub author: Option<String>,
    /// What is searched.
    pub text: String,
}

/// Finds texts of one owner by their words, ranked by BM25. MUST never return another owner's.
///
/// It may keep what it has across a restart: [`position`](Self::position) says how far it had read
/// the records, and whoever feeds it goes on from there, from 0 when it is new, stale or was broken.
#[async_trait]
pub trait TextIndex: fmt::Debug + Send + Sync {
    /// Inserts or replaces, and moves the position to the highest `seq` given; the next search finds
    /// them.
    ///
    /// # Errors
    /// `Unavailable` when its files cannot be written; so for all methods here.
    async fn upsert(&self, entries: Vec<TextEntry>) -> Result<(), StoreError>;

    /// Takes texts out; one that is not there is fine.
    async fn delete(&self, ids: &[MemoryId]) -> Result<(), StoreError>;

    /// Takes everything out and goes back to position 0: the records went back in time.
    async fn clear(&self) -> Result<(), StoreError>;

    /// Returns up to `k` ids with their BM25 score, best first; a query without telling words finds
    /// nothing.
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError>;

    /// Returns the `seq` up to which the records are in, 0 for none.
    fn position(&self) -> u64;

    /// Returns how many texts it holds.
    fn len(&self) -> usize;

    /// Tells whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
