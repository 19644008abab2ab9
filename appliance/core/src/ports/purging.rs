//! The role that takes things away for good because their owner wants it. Nothing brings them back.

use std::fmt;

use async_trait::async_trait;

use super::{By, CareError};
use crate::{ConversationId, MemoryId};

/// What went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purged {
    /// The memories, copies and what was drawn from them among them.
    pub memories: Vec<MemoryId>,
    /// Those that were named and whose text could not be read: what says the same elsewhere was not
    /// looked for.
    pub untraced: Vec<MemoryId>,
}

/// Purges at once: when it returns, no record and no search holds the text. Files that held it are
/// made anew by maintenance, at most daily. Purging again finds nothing and is no error.
#[async_trait]
pub trait Purging: fmt::Debug + Send + Sync {
    /// Purges memories, with the messages they were said in and the answers that quote them.
    ///
    /// # Errors
    /// [`CareError::Invalid`] for none or too many, else the store's; so for all methods here.
    async fn purge_memories(&self, by: &By, ids: Vec<MemoryId>) -> Result<Purged, CareError>;

    /// Purges a conversation, with what was remembered of it.
    async fn purge_conversation(&self, by: &By, id: ConversationId) -> Result<Purged, CareError>;
}
