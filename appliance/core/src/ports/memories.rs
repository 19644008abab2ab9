//! The role that reads memories as records; the truth that every index is derived from.

use std::fmt;

use async_trait::async_trait;

use crate::{Memory, MemoryId, Page, PageRequest, StoreError, UserId};

/// Reads memories. Contract: `storage_contract::memories`.
#[async_trait]
pub trait Memories: fmt::Debug + Send + Sync {
    /// Returns the memory if `owner` has it.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError>;

    /// Returns memories of `owner`, newest first; the cursor is `seq`.
    async fn list(&self, owner: UserId, page: PageRequest) -> Result<Page<Memory>, StoreError>;

    /// Returns up to `limit` memories of all owners with `seq > after`, ascending: what an index
    /// that stands at `after` has yet to read.
    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Memory>, StoreError>;

    /// Returns the highest `seq` given so far, 0 for none. Cheap: asked before every search.
    fn latest(&self) -> u64;
}
