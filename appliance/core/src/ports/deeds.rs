//! The role that reads what people did to memories and what they told about answers. Does nothing.

use std::fmt;

use async_trait::async_trait;

use crate::{
    ActionId, Memory, MemoryAction, MemoryId, Page, PageRequest, Signal, SignalId, StoreError,
    Timestamp, UserId,
};

/// Reads deeds and signals as they were noted. Contract: `storage_contract::memory_actions` and
/// `storage_contract::memory_signals`.
#[async_trait]
pub trait Deeds: fmt::Debug + Send + Sync {
    /// Returns what `owner` did, newest first, undone or not; the cursor is the place in that order.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn actions(
        &self,
        owner: UserId,
        page: PageRequest,
    ) -> Result<Page<MemoryAction>, StoreError>;

    /// Returns one deed of `owner`.
    async fn action(&self, owner: UserId, id: ActionId)
    -> Result<Option<MemoryAction>, StoreError>;

    /// Returns those of `ids` that `owner` has, in that order, forgotten ones too: what a deed is
    /// told by. Purged ones are left out, and so are damaged ones, which are named.
    async fn done_to(&self, owner: UserId, ids: &[MemoryId]) -> Result<Vec<Memory>, StoreError>;

    /// Returns signals of `owner`, newest first.
    async fn signals(&self, owner: UserId, page: PageRequest) -> Result<Page<Signal>, StoreError>;

    /// Returns one signal of `owner`.
    async fn signal(&self, owner: UserId, id: SignalId) -> Result<Option<Signal>, StoreError>;

    /// Returns the sum of `|moved|` over the signals of `owner` since `from`, in ten-thousandths.
    async fn moved_since(&self, owner: UserId, from: Timestamp) -> Result<u64, StoreError>;
}
