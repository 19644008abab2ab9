//! How a task can fail, and the words for it. Decides nothing about it.

use std::{any::Any, fmt};

/// A task of a vital kind that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which kind.
    pub name: &'static str,
    /// Why.
    pub why: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.why)
    }
}

/// Blocking work that gave no result.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{name} {why}")]
pub struct Lost {
    /// Which kind.
    pub name: &'static str,
    /// Why: it panicked, or there was no thread for it.
    pub why: String,
}

/// What a task may return.
pub trait Outcome {
    /// Tells why it failed, or `None`.
    fn fault(self) -> Option<String>;
}

impl Outcome for () {
    fn fault(self) -> Option<String> {
        None
    }
}

impl<E: fmt::Display> Outcome for Result<(), E> {
    fn fault(self) -> Option<String> {
        self.err().map(|error| format!("failed: {error:#}"))
    }
}

/// The words of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    format!("panicked: {}", said(panic).unwrap_or("no reason given"))
}

/// What a panic says, if it says something.
pub(crate) fn said(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
}
