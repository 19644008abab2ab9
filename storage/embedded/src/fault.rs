//! Everything that can go wrong in here, and the one place where it becomes a port's error.

use appliance_core::{ErrorKind, StoreError};

use crate::{codec::SealBroken, records::codes::UnknownCode};

/// A failure of the file or of what is stored in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Redb(Box<redb::Error>),
    #[error(transparent)]
    Sealed(#[from] SealBroken),
    #[error(transparent)]
    Code(#[from] UnknownCode),
    #[error("the store's code met a page it cannot read: {0}; run `ai-infra doctor`")]
    Unreadable(String),
    #[error(transparent)]
    Archive(StoreError),
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

    /// Tells whether only one row is at fault and the file still answers.
    pub const fn is_of_one_row(&self) -> bool {
        matches!(self, Self::Sealed(_) | Self::Code(_))
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sealed(SealBroken::TooLarge { .. }) => ErrorKind::TooLarge,
            Self::Sealed(SealBroken::Unencodable { .. }) => ErrorKind::Invalid,
            Self::Sealed(_) | Self::Code(_) | Self::Unreadable(_) => ErrorKind::Corrupt,
            Self::Redb(error) => match &**error {
                redb::Error::Corrupted(_) => ErrorKind::Corrupt,
                redb::Error::Io(io) if is_out_of_room(io) => ErrorKind::Full,
                _ => ErrorKind::Unavailable,
            },
            Self::Archive(error) => error.kind,
            Self::Closed | Self::Lost => ErrorKind::Unavailable,
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
