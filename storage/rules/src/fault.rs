//! What can go wrong under the rules, and what makes a batch refused. Turns nothing into words for
//! people: an adapter's port does.

use appliance_core::{Conflict, ErrorKind, StoreError};

use crate::{
    codec::{Broken, SealBroken},
    codes::UnknownCode,
};

/// The operation that errors of writes name.
pub const OP: &str = "records.apply";

/// A failure of what is stored, or of what stores it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A row cannot be read or written.
    #[error(transparent)]
    Sealed(#[from] SealBroken),
    /// A row holds a number that this program does not know.
    #[error(transparent)]
    Code(#[from] UnknownCode),
    /// Another row has the place under a unique key.
    #[error("another row has this place in {key}")]
    Taken {
        /// The key's name.
        key: &'static str,
    },
    /// A stretch of a table cannot be read, or of the whole file.
    #[error("a page of {place} cannot be read: {why}; run `ai-infra doctor`")]
    Unreadable {
        /// The table's name, or the file's.
        place: &'static str,
        /// What the medium said.
        why: String,
    },
    /// The archive cannot bring a text.
    #[error("{error}")]
    Archive {
        /// The file and the block.
        place: String,
        /// Why not.
        error: StoreError,
    },
    /// The adapter's own failure, which it takes out again.
    #[error("{source}")]
    Medium {
        /// What the caller can do.
        kind: ErrorKind,
        /// The adapter's own words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Fault {
    /// Turns the failure into the port's error for operation `op`.
    #[must_use]
    pub fn at(self, op: &'static str) -> StoreError {
        StoreError::new(self.kind(), op, self)
    }

    /// Tells whether only one row is at fault and the others still answer.
    #[must_use]
    pub const fn is_of_one_row(&self) -> bool {
        matches!(self, Self::Sealed(_) | Self::Code(_) | Self::Taken { .. })
    }

    /// Tells whether what is asked for cannot be read, and other tables still answer.
    #[must_use]
    pub const fn is_of_one_table(&self) -> bool {
        matches!(self, Self::Unreadable { .. })
    }

    /// Tells whether whoever shows rows can leave out what it is about, and go on.
    #[must_use]
    pub const fn leaves_others(&self) -> bool {
        self.is_of_one_row() || self.is_of_one_table()
    }

    /// Returns what the caller can do.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Sealed(broken) => match broken.why {
                Broken::TooLarge(_) => ErrorKind::TooLarge,
                Broken::Unencodable(_) => ErrorKind::Invalid,
                _ => ErrorKind::Corrupt,
            },
            Self::Code(_) | Self::Unreadable { .. } => ErrorKind::Corrupt,
            // The rules have looked: whoever took it meanwhile is there at the next try.
            Self::Taken { .. } => ErrorKind::Unavailable,
            Self::Archive { error, .. } => error.kind,
            Self::Medium { kind, .. } => *kind,
        }
    }
}

/// Why a batch is not applied.
#[derive(Debug)]
pub enum Refusal {
    /// The batch's own fault (or one damaged row's): it is refused, others go on.
    Batch(StoreError),
    /// The file's fault: the whole step fails.
    File(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        if fault.is_of_one_row() { Self::Batch(fault.at(OP)) } else { Self::File(fault) }
    }
}

/// Refuses because somebody was first or a condition does not hold.
pub fn conflict(why: Conflict) -> Refusal {
    Refusal::Batch(StoreError::conflict(OP, why))
}

/// Refuses because the call refers to nothing or makes no sense.
pub fn invalid(why: impl Into<String>) -> Refusal {
    Refusal::Batch(StoreError::invalid(OP, why))
}
