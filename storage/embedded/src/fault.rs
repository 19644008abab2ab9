//! Everything that can go wrong in here, and the one place where it becomes a port's error.

use appliance_core::{ErrorKind, StoreError, ports::Damaged};
use storage_rules::Fault as RuleFault;

use crate::{caught::place, signs::FILE};

/// A failure of the file or of what is stored in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Redb(Box<redb::Error>),
    #[error(transparent)]
    Rules(RuleFault),
    #[error("a page of {place} cannot be read: {why}; run `ai-infra doctor`")]
    Unreadable {
        /// The table, or the file where it is more or not known.
        place: &'static str,
        why: String,
    },
    #[error("the file could be opened for reading only")]
    Provisional,
    #[error("the store is closed")]
    Closed,
    #[error("the reader's task ended early")]
    Lost,
}

impl Fault {
    /// Names the page that made redb's code panic; see [`caught`](crate::caught).
    pub fn caught(why: String) -> Self {
        Self::Unreadable { place: place().unwrap_or(FILE), why }
    }

    /// Says in which table it was, where only the file was named.
    pub fn within(self, table: &'static str) -> Self {
        match self {
            Self::Unreadable { place: FILE, why } => Self::Unreadable { place: table, why },
            other => other,
        }
    }

    /// Names what cannot be read, if that is a row or a page.
    pub fn damaged(&self) -> Option<Damaged> {
        let (place, why) = match self {
            Self::Rules(fault) => return storage_rules::damage::name(fault, None),
            Self::Unreadable { place, why } => (*place, why.as_str()),
            fault if fault.disk().is_some_and(is_beyond_end) => (FILE, "it leads beyond the end"),
            _ => return None,
        };
        let what = format!("a page cannot be read: {why}");
        Some(Damaged { place: place.to_owned(), what, memory: None })
    }

    /// Turns the failure into the port's error for operation `op`.
    pub fn at(self, op: &'static str) -> StoreError {
        StoreError::new(self.kind(), op, self)
    }

    /// Returns what the system said, if it was a call to the disk that failed.
    pub fn disk(&self) -> Option<&std::io::Error> {
        let Self::Redb(error) = self else { return None };
        if let redb::Error::Io(error) = &**error { Some(error) } else { None }
    }

    /// Tells whether the file's handle answers nothing more until the file is opened anew.
    pub fn is_of_handle(&self) -> bool {
        let Self::Redb(error) = self else { return false };
        matches!(&**error, redb::Error::Io(_) | redb::Error::PreviousIo)
    }

    /// Returns what a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rules(fault) => fault.kind(),
            Self::Unreadable { .. } => ErrorKind::Corrupt,
            Self::Redb(error) => match &**error {
                redb::Error::Io(io) if is_beyond_end(io) => ErrorKind::Corrupt,
                redb::Error::Io(io) if is_out_of_room(io) || is_over_limit(io) => ErrorKind::Full,
                _ => ErrorKind::Unavailable,
            },
            Self::Provisional | Self::Closed | Self::Lost => ErrorKind::Unavailable,
        }
    }
}

/// What the rules met below themselves comes out as it went in.
impl From<RuleFault> for Fault {
    fn from(fault: RuleFault) -> Self {
        match fault {
            RuleFault::Medium { kind, source } => match source.downcast() {
                Ok(own) => *own,
                Err(source) => Self::Rules(RuleFault::Medium { kind, source }),
            },
            RuleFault::Unreadable { place, why } => Self::Unreadable { place, why },
            fault => Self::Rules(fault),
        }
    }
}

impl From<Fault> for RuleFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Rules(fault) => fault,
            Fault::Unreadable { place, why } => Self::Unreadable { place, why },
            own => Self::Medium { kind: own.kind(), source: Box::new(own) },
        }
    }
}

/// Tells whether the file ends before what was to be read: a page leads to where none is.
pub(crate) fn is_beyond_end(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::UnexpectedEof
}

/// Tells whether the disk, or this user's share of it, is full.
pub(crate) fn is_out_of_room(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

/// Tells whether a file may not grow any more, whatever the disk has.
fn is_over_limit(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::FileTooLarge
}

macro_rules! from_redb {
    ($($error:ty),+) => { $(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                match error.into() {
                    redb::Error::Corrupted(why) => Self::Unreadable { place: FILE, why },
                    other => Self::Redb(Box::new(other)),
                }
            }
        }
    )+ };
}

from_redb!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError
);
