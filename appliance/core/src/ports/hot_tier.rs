//! The role that keeps the youngest memories whole and near: least recently used goes first.
//!
//! A cache with a rule: what it evicts is told to its caller, who promotes it; the record is on disk
//! all the while, so nothing is lost with it.

use std::fmt;

use async_trait::async_trait;

use crate::{Memory, MemoryId, StoreError, UserId};

/// Keeps whole memories, up to a limit an agent (people's own count as one). Contract:
/// `storage_contract::hot`.
#[async_trait]
pub trait HotTier: fmt::Debug + Send + Sync {
    /// Puts it in, or in the place of its older form; returns what had to go for it, which is the
    /// least recently used of the same agent.
    ///
    /// # Errors
    /// `Unavailable` when a remote tier is away; so for all methods here.
    async fn put(&self, memory: Memory) -> Result<Vec<MemoryId>, StoreError>;

    /// Returns it if it is there and `owner`'s, and counts that as a use.
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError>;

    /// Takes it out; one that is not there is fine.
    async fn take(&self, id: MemoryId) -> Result<(), StoreError>;

    /// Returns how many it holds.
    async fn count(&self) -> Result<usize, StoreError>;

    /// Returns hits and misses of [`get`](Self::get) since the start.
    fn hits(&self) -> (u64, u64);
}
