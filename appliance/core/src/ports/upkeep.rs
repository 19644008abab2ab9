//! The role that keeps the records small: takes away what nobody asks for any more. Decides no time:
//! the caller does.

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
}

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Bus entries.
    pub entries: usize,
    /// Logins.
    pub sessions: usize,
}

/// Keeps the records small. An entry that any group still has to acknowledge MUST stay.
#[async_trait]
pub trait Upkeep: fmt::Debug + Send + Sync {
    /// Takes away what `sweep` allows, in steps that each are one short commit.
    ///
    /// # Errors
    /// `Unavailable`, `Full`, `Corrupt`.
    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError>;
}
