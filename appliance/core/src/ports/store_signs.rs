//! The role that says how the store is doing, for readiness, the watchdog and the doctor. Writes nothing.

use std::{fmt, time::Duration};

/// Says how the store is doing.
///
/// Asking MUST write nothing, wait for nobody and change nothing about what is asked for; what the
/// answer says MUST be what the next writer would meet as far as it is known.
pub trait StoreSigns: fmt::Debug + Send + Sync {
    /// Returns how the store is doing now.
    fn signs(&self) -> StoreHealth;
}

/// How the store is doing, by what its writer met last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether writes come through.
    pub state: StoreState,
    /// Since when the last commit of this life is on disk; `None` before the first.
    pub last_commit_age: Option<Duration>,
    /// How long what is being written just now has been under way; `None` when nothing is.
    pub outstanding_for: Option<Duration>,
}

/// Whether writes come through, and why not. Reads are answered in all but the last two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreState {
    /// They do.
    Well,
    /// One has been under way for more than [`StoreHealth::SLOW`].
    Slow,
    /// There is no room for them: how so, in words for an operator.
    Full(String),
    /// The last one was refused because the disk or the file was at fault: how so.
    Failing(String),
    /// One was refused because a page that it needs cannot be read, and none to the same table has
    /// come through since: where, and what is wrong.
    Damaged(String),
    /// None is taken any more, until the process starts again: why.
    Ended(String),
    /// The writer has not moved for so long that it will not move again, or it is gone.
    Hung,
}

impl StoreHealth {
    /// From when on a write under way counts as slow.
    pub const SLOW: Duration = Duration::from_secs(2);
}

impl StoreState {
    /// Tells whether the writer lives: one that only waits for the disk or for room does.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        !matches!(self, Self::Ended(_) | Self::Hung)
    }

    /// Returns the state's code for anybody: no sentence, no path.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Slow => "slow",
            Self::Full(_) => "full",
            Self::Failing(_) => "failing",
            Self::Damaged(_) => "damaged",
            Self::Ended(_) => "ended",
            Self::Hung => "hung",
        }
    }
}
