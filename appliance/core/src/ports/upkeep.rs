//! The role that keeps the records small and clean: takes away what nobody asks for any more, what a
//! purge has left in free pages, and pages that are half empty. Decides no time: the caller does.

use std::fmt;

use async_trait::async_trait;

use crate::{StoreError, Timestamp};

/// What a sweep may take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Acknowledged bus entries from before this go.
    pub entries_before: Timestamp,
    /// Of the others, the oldest go where a stream holds more bytes than this.
    pub stream_bytes: usize,
    /// Logins that ended before this go.
    pub sessions_before: Timestamp,
    /// Tokens for programs that expired by then go.
    pub tokens_before: Timestamp,
}

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Bus entries.
    pub entries: usize,
    /// Logins.
    pub sessions: usize,
    /// Tokens for programs.
    pub tokens: usize,
}

/// What a rewriting made of the records' file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Its bytes before.
    pub before: u64,
    /// Its bytes now.
    pub after: u64,
}

/// What the records' file takes on the disk, and what a copy of its rows would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fill {
    /// Bytes on the disk.
    pub file: u64,
    /// Bytes that its rows take where every page is full.
    pub rows: u64,
}

/// Keeps the records small. An entry that any group still has to acknowledge MUST stay.
#[async_trait]
pub trait Upkeep: fmt::Debug + Send + Sync {
    /// Takes away what `sweep` allows, in steps that each are one short commit.
    ///
    /// # Errors
    /// `Unavailable`, `Full`, `Corrupt`.
    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError>;

    /// Returns how many purges there have been, if something of one may still be in a file, and the
    /// records' file, where it was rewritten before, was not after `since`. The count never goes back.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn rewrite_due(&self, since: Timestamp) -> Result<Option<u64>, StoreError>;

    /// Returns how full the records' file is, unless it was rewritten after `since`: then nobody has to
    /// know. Reads the whole file.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    async fn fill(&self, since: Timestamp) -> Result<Option<Fill>, StoreError>;

    /// Copies what lives into a new file, which takes the place of the old one: no byte of what was
    /// purged is left. Nothing is written meanwhile, and readers notice nothing.
    ///
    /// All other files were cleaned after `seen` purges. If there have been more since, a rewriting
    /// MUST still be due: nobody knows what these have left there.
    ///
    /// # Errors
    /// `Full` where there is no room for the copy, `Unavailable`, `Corrupt`: the file is the old one
    /// then, and all goes on with it.
    async fn rewrite(&self, seen: u64) -> Result<Rewritten, StoreError>;
}
