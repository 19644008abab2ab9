//! What care and the keeper want of the indexes, whoever keeps them. Searches nothing.

use std::fmt;

use appliance_core::{
    Memory, MemoryId, StoreError, UserId,
    ports::{CareError, CollectionStats, Job, SearchError},
};
use async_trait::async_trait;

/// Tells about the indexes, saves them, and builds them anew.
#[async_trait]
pub trait Indexes: fmt::Debug + Send + Sync {
    /// Returns the four collections of `owner` and the vectors they are found by.
    ///
    /// # Errors
    /// `Unavailable` when the records cannot be read.
    async fn collections(&self, owner: UserId) -> Result<Vec<CollectionStats>, StoreError>;

    /// Returns what else states the fact that a memory states and holds today, in the same words or in
    /// words that differ in nothing that tells.
    ///
    /// # Errors
    /// As a search.
    async fn copies(&self, memory: &Memory) -> Result<Vec<MemoryId>, SearchError>;

    /// Starts building the indexes anew beside the ones in use.
    ///
    /// # Errors
    /// [`CareError::Busy`] while the last time has not ended.
    async fn reindex(&self) -> Result<Job, CareError>;

    /// Returns how far building them anew is, or how it ended; `None` when it was never begun.
    fn progress(&self) -> Option<Job>;

    /// Keeps what they have across a restart.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written; what was saved before is then still there.
    async fn save(&self) -> Result<(), StoreError>;

    /// Takes in what was purged, and leaves nothing of it in any file.
    ///
    /// # Errors
    /// `Unavailable` when the records cannot be read or a file cannot be written; to be tried again.
    async fn let_go(&self) -> Result<(), StoreError>;
}
