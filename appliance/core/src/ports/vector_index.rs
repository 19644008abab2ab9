//! The role that finds near vectors. Holds no text: records are the truth, this is derived.

use std::fmt;

use async_trait::async_trait;

use crate::{Embedding, Facets, MemoryId, SearchFilter, StoreError, UserId};

/// One vector with what a search may filter by.
#[derive(Debug, Clone)]
pub struct IndexEntry {
    /// The memory.
    pub id: MemoryId,
    /// Whose it is and what a search may be narrowed by.
    pub facets: Facets,
    /// Its vector.
    pub embedding: Embedding,
}

/// Finds the nearest vectors of one owner that pass a filter ([`Facets::pass`] says which). MUST
/// never return another owner's, and MUST return `k` when `k` pass. Contract:
/// `storage_contract::vectors`.
#[async_trait]
pub trait VectorIndex: fmt::Debug + Send + Sync {
    /// Inserts or replaces; searchable when it returns.
    ///
    /// # Errors
    /// `Invalid` for a vector of another dimension; nothing of the call is then put in.
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError>;

    /// Gives vectors that are there other facets (the owner stays); returns how many were there.
    /// Searches see it when it returns.
    ///
    /// # Errors
    /// `Unavailable` when the index cannot be reached.
    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError>;

    /// Returns up to `k` ids with their cosine, nearest first; none for a `k` of 0.
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

    /// Returns the position up to which the records are in, as of the last save that was found when
    /// it was opened; 0 for an index that keeps nothing across a restart. Whoever feeds it goes on
    /// from there.
    fn position(&self) -> u64 {
        0
    }

    /// Keeps what it has across a restart, noting that the records are in up to `position`. An index
    /// that is always durable only notes the position.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written; what was saved before is then still there.
    async fn save(&self, position: u64) -> Result<(), StoreError> {
        let _ = position;
        Ok(())
    }

    /// Removes what it keeps at a server, for whoever uses it no more: another index serves instead,
    /// or it is to begin anew. Its folder is removed by whoever named it.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached; what is left is in nobody's way.
    async fn discard(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns how many vectors it holds.
    fn count(&self) -> usize;
}
