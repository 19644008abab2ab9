//! The role that finds texts by their words. Derived: the records are the truth, this can be rebuilt.

use std::fmt;

use async_trait::async_trait;

use crate::{MemoryId, StoreError, UserId};

/// One text.
#[derive(Debug, Clone)]
pub struct TextEntry {
    /// The memory.
    pub id: MemoryId,
    /// Whose it is.
    pub owner: UserId,
    /// Who said it, by name.
    pub author: Option<String>,
    /// What is searched.
    pub text: String,
}

/// What changed since an index last read the records.
#[derive(Debug, Clone, Default)]
pub struct TextChanges {
    /// Texts that are new, or replace an older form of theirs.
    pub put: Vec<TextEntry>,
    /// Memories whose texts are to be found no more; one that is not there is fine.
    pub gone: Vec<MemoryId>,
    /// The position up to which the records are in with these.
    pub position: u64,
}

/// What a [`flush`](TextIndex::flush) does about texts that were taken out and whose words are still in
/// its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenOut {
    /// They may stay until files are merged anyway.
    MayStay,
    /// They go now, which may mean to write most of the files anew.
    MustGo,
}

/// What is wrong with an index that goes on all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFault {
    /// Its files cannot be written just now, for this reason: it answers, and has to be
    /// [flushed](TextIndex::flush) again later.
    Behind(String),
    /// Its bytes are not what was written: it answers nothing until it is [emptied](TextIndex::clear).
    Damaged(String),
    /// It was damaged and emptied, and has not been given again all that it had.
    Filling(String),
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Behind(why) => write!(f, "the index of words cannot be written: {why}"),
            Self::Damaged(why) => write!(f, "text index: damaged ({why}); it is made anew"),
            Self::Filling(why) => {
                write!(f, "text index: damaged ({why}); it is filled again from the memories")
            }
        }
    }
}

/// Finds texts of one owner by their words, ranked by BM25. MUST never return another owner's. Knows
/// no other filter: whoever asks drops what does not pass, and asks for more.
///
/// It may keep what it has across a restart: [`position`](Self::position) says how far it had read
/// the records, and whoever feeds it goes on from there, from 0 when it is new, stale or was broken.
#[async_trait]
pub trait TextIndex: fmt::Debug + Send + Sync {
    /// Takes changes in, and moves the position, which never goes back; the next search finds them.
    /// After an error the position stands where it did, and the same may be given again.
    ///
    /// # Errors
    /// `Unavailable` when its files cannot be written; so for all methods here.
    async fn take_in(&self, changes: TextChanges) -> Result<(), StoreError>;

    /// Takes everything out and goes back to position 0: the records went back in time, or it is
    /// [damaged](TextFault::Damaged) and a new one takes its place.
    async fn clear(&self) -> Result<(), StoreError>;

    /// Returns up to `k` ids with their BM25 score, best first; a query without telling words finds
    /// nothing.
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError>;

    /// Tells whether it holds this text.
    fn holds(&self, id: MemoryId) -> bool;

    /// Writes what waits to disk now rather than when enough of it has come together.
    async fn flush(&self, taken_out: TakenOut) -> Result<(), StoreError>;

    /// Says what is wrong with it, if anything is.
    fn fault(&self) -> Option<TextFault>;

    /// Returns the position up to which the records are in, 0 for none.
    fn position(&self) -> u64;

    /// Returns how many texts it holds.
    fn count(&self) -> usize;
}
