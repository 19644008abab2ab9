//! What can go wrong behind a port, told by what the caller can do about it.
//!
//! Does not name drivers: an adapter's own error travels as a boxed source and is never a variant.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Conflict;

/// What the caller of a port can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The store cannot be reached or is full just now: retry later.
    Unavailable,
    /// Somebody else was first, or a condition does not hold: read again and decide anew.
    Conflict,
    /// Stored bytes are not what was written: stop and tell the operator.
    Corrupt,
    /// The call itself is wrong: the caller has a bug.
    Invalid,
    /// The value is over a limit that the message names.
    TooLarge,
    /// The disk is full: nothing was written; free space and retry.
    Full,
}

/// A failed port call: what kind, which operation, and the driver's own words as source.
#[derive(Debug)]
pub struct StoreError {
    /// What the caller can do.
    pub kind: ErrorKind,
    /// The operation, dotted, such as `tasks.get`.
    pub op: &'static str,
    source: Source,
}

/// What is behind a failure.
#[derive(Debug)]
enum Source {
    /// The rule that refused.
    Conflict(Box<Conflict>),
    /// The driver's error, or a sentence.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Builds an error from the driver's error or a plain sentence; a conflict is built by
    /// [`conflict`](Self::conflict), which says which.
    pub fn new(
        kind: ErrorKind,
        op: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, op, source: Source::Other(source.into()) }
    }

    /// Builds an [`ErrorKind::Conflict`] that carries the rule which refused.
    #[must_use]
    pub fn conflict(op: &'static str, conflict: Conflict) -> Self {
        Self { kind: ErrorKind::Conflict, op, source: Source::Conflict(Box::new(conflict)) }
    }

    /// Returns the rule that refused, if this is a conflict.
    #[must_use]
    pub const fn as_conflict(&self) -> Option<&Conflict> {
        match &self.source {
            Source::Conflict(conflict) => Some(conflict),
            Source::Other(_) => None,
        }
    }

    /// Builds an [`ErrorKind::Invalid`] that says what is wrong with the call.
    pub fn invalid(op: &'static str, why: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, op, why.into())
    }

    /// Builds an [`ErrorKind::Unavailable`] that says what is away.
    pub fn unavailable(op: &'static str, why: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, op, why.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Conflict(conflict) => write!(f, "{}: {conflict}", self.op),
            Source::Other(source) => write!(f, "{}: {source}", self.op),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match &self.source {
            Source::Conflict(conflict) => conflict.as_ref(),
            Source::Other(source) => source.as_ref(),
        })
    }
}
