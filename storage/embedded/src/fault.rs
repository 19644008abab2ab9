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

    /// Tells whether the disk had no room.
    pub fn is_full(&self) -> bool {
        let Self::Redb(error) = self else { return false };
        matches!(&**error, redb::Error::Io(io) if is_out_of_room(io))
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rules(fault) => fault.kind(),
            Self::Unreadable(_) => ErrorKind::Corrupt,
            Self::Redb(error) => match &**error {
                redb::Error::Corrupted(_) => ErrorKind::Corrupt,
                redb::Error::Io(io) if is_out_of_room(io) => ErrorKind::Full,
                _ => ErrorKind::Unavailable,
            },
            Self::Closed | Self::Lost => ErrorKind::Unavailable,
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

fn is_out_of_room(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
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
