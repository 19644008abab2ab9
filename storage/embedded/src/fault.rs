//! Everything that can go wrong in here, and the one place where it becomes a port's error.

use appliance_core::{ErrorKind, StoreError};
use storage_rules::Fault as RuleFault;

/// A failure of the file or of what is stored in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Redb(Box<redb::Error>),
    #[error(transparent)]
    Rules(RuleFault),
    #[error("the store's code met a page it cannot read: {0}; run `ai-infra doctor`")]
    Unreadable(String),
    #[error("the file could be opened for reading only")]
    Provisional,
    #[error("the store is closed")]
    Closed,
    #[error("the reader's task ended early")]
    Lost,
}

impl Fault {
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
            Self::Unreadable(_) => ErrorKind::Corrupt,
            Self::Redb(error) => match &**error {
                redb::Error::Corrupted(_) => ErrorKind::Corrupt,
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
            fault => Self::Rules(fault),
        }
    }
}

impl From<Fault> for RuleFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Rules(fault) => fault,
            own => Self::Medium { kind: own.kind(), source: Box::new(own) },
        }
    }
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
                Self::Redb(Box::new(error.into()))
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
