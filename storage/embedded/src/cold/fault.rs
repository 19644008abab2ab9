//! Everything that can go wrong with the archive, and the one place where it becomes a port's error.

use std::{io, path::PathBuf};

use appliance_core::{ErrorKind, StoreError};

use storage_rules::{
    codec::{Broken, SealBroken},
    codes::UnknownCode,
};

/// A failure of a file of the archive or of what is in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColdFault {
    #[error("while {doing} {}: {source}", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "the archive's segment {segment:016x} cannot be read: while {doing} {}: {source}",
        .path.display()
    )]
    Unread { segment: u64, doing: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "the archive's segment {segment:016x} is not there, though memories are in it: {} is \
         missing; restore it from a backup", .path.display()
    )]
    Missing { segment: u64, path: PathBuf },
    #[error("the archive's segment {segment:016x} is damaged: {what}; restore it from a backup")]
    Damaged { segment: u64, what: String },
    #[error("the archive's segment {segment:016x} did not read back as it was written: {what}")]
    Unproven { segment: u64, what: String },
    #[error("a memory cannot be archived: {0}")]
    Unencodable(SealBroken),
}

impl ColdFault {
    /// Builds the fault of bytes that are not what was written.
    pub fn damaged(segment: u64, what: impl Into<String>) -> Self {
        Self::Damaged { segment, what: what.into() }
    }

    /// Builds the fault of a sealed part that does not open.
    pub fn broken(segment: u64, broken: &SealBroken) -> Self {
        Self::damaged(segment, broken.to_string())
    }

    /// Builds the fault of a code that this program does not know.
    pub fn unknown(segment: u64, code: &UnknownCode) -> Self {
        Self::damaged(segment, code.to_string())
    }

    /// Turns the failure into the port's error for operation `op`.
    pub fn at(self, op: &'static str) -> StoreError {
        StoreError::new(self.kind(), op, self)
    }

    fn kind(&self) -> ErrorKind {
        match self {
            // What the system cannot read is missed as what is damaged is, for as long as it is so.
            Self::Unread { .. } | Self::Missing { .. } | Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Io { source, .. } if is_out_of_room(source) => ErrorKind::Full,
            Self::Io { .. } | Self::Unproven { .. } => ErrorKind::Unavailable,
            Self::Unencodable(broken) => match broken.why {
                Broken::TooLarge(_) => ErrorKind::TooLarge,
                _ => ErrorKind::Invalid,
            },
        }
    }
}

fn is_out_of_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
