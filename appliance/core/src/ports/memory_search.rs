//! The role that answers "what do you know about ...": a question in, the best memories out.

use std::fmt;

use async_trait::async_trait;

use crate::{SearchFilter, StoreError, UserId, memory::MemoryHits, ports::EmbedError};

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The question is empty or blank.
    #[error("the search text is empty; say what to look for")]
    Empty,
    /// The question is over the limit.
    #[error("the search text has {got} bytes, at most {limit} are taken")]
    TooLong {
        /// Bytes given.
        got: usize,
        /// Bytes taken.
        limit: usize,
    },
    /// The embedder failed.
    #[error(transparent)]
    Embedder(#[from] EmbedError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Searches one owner's memories. What was committed before the call MUST be findable by it, unless
/// the answer says what it is [missing](MemoryHits::missing).
#[async_trait]
pub trait MemorySearch: fmt::Debug + Send + Sync {
    /// Returns up to `limit` (1..=100) hits, best first.
    ///
    /// # Errors
    /// As [`SearchError`] tells.
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: SearchFilter,
        limit: usize,
    ) -> Result<MemoryHits, SearchError>;

    /// Says what is not as it should be though searches answer, such as files that cannot be
    /// written; `None` when all is well.
    fn ailing(&self) -> Option<String> {
        None
    }
}
