//! The role that reads memories as records; the truth that every index is derived from.

use async_trait::async_trait;

use crate::{
    ErrorKind, Memory, MemoryId, Page, PageRequest, SearchFilter, StoreError, UserId, ports::Deeds,
};

/// What an index has to know about one memory since it last looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The place of the change in the order of all changes; only a memory's last one is kept.
    pub position: u64,
    /// The place of the last change of what is indexed as its text: it was made, brought back or
    /// replaced. Who has read up to there has the text, and needs only how the memory stands.
    pub text_at: u64,
    /// Which memory.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// How it is now.
    pub now: Changed,
}

/// How a memory is now.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// Hot or warm, and not forgotten.
    Live(Box<Memory>),
    /// In the archive: found by its words, read with [`Memories::get`].
    Archived,
    /// Forgotten or purged: found by nothing.
    Gone,
    /// It cannot be read, and is found by nothing: what is wrong, in words for an operator.
    Damaged {
        /// What.
        what: String,
    },
}

/// Reads memories, wherever they are kept; the forgotten ones not. Who reads them reads what was
/// done to them too. Contract: `storage_contract::memories`.
#[async_trait]
pub trait Memories: Deeds {
    /// Returns the memory if `owner` has it, out of the archive too.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt` (an archive's block that is damaged); so for all methods here.
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError>;

    /// As [`get`](Self::get), for one of many: a damaged memory is left out for the others' sake. The
    /// store names it, see [`StoreDamage`](super::StoreDamage).
    async fn get_sound(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        match self.get(owner, id).await {
            Err(error) if error.kind == ErrorKind::Corrupt => Ok(None),
            found => found,
        }
    }

    /// Returns memories of `owner` that pass, newest first; the cursor is `seq`. A page may be
    /// short, or empty, and still have a next one, where few pass.
    async fn list(
        &self,
        owner: UserId,
        filter: &SearchFilter,
        page: PageRequest,
    ) -> Result<Page<Memory>, StoreError>;

    /// Returns up to `limit` changes of all owners with `position > after`, ascending: what an index
    /// that stands at `after` has yet to read. Positions MUST become visible in their order: what is
    /// told once is all there is up to there, however many write.
    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError>;

    /// Returns the highest position given so far, 0 for none. Cheap: asked before every search.
    fn latest(&self) -> u64;
}
