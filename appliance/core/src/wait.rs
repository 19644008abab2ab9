//! Why a task is tried again later, and when. Waits for nothing itself.
//!
//! Invariant: a wait is never longer than [`LONGEST_WAIT`], whatever became of the clock meanwhile.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// From a task's first try on, no further one is put off beyond this.
pub const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What keeps a model from answering for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// It takes so much in a minute and no more.
    RateLimited,
    /// It has more to do than it can.
    Overloaded,
    /// Nobody answers there.
    Unreachable,
}

impl WaitReason {
    /// Returns the reason on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A pause between two tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What for.
    pub reason: WaitReason,
    /// When the next try is due.
    pub due: Timestamp,
    /// Tries so far.
    pub tries: u32,
}

impl Wait {
    /// Returns how much of it is left at `now`; `None` when it is over. One that would take longer than
    /// any is of a clock that was set back, and is over too.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let micros = self.due.unix_micros().checked_sub(now.unix_micros())?;
        let left = Duration::from_micros(u64::try_from(micros).ok()?);
        (!left.is_zero() && left <= LONGEST_WAIT).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_over_when_it_is_due_or_the_clock_was_set_back() {
        let at = |second: i64| Timestamp::from_unix_micros(second * 1_000_000);
        let wait = Wait { reason: WaitReason::RateLimited, due: at(1_000), tries: 1 };
        assert_eq!(wait.left(at(982)), Some(Duration::from_secs(18)));
        assert_eq!((wait.left(at(1_000)), wait.left(at(2_000))), (None, None));
        assert_eq!(wait.left(at(400)), Some(LONGEST_WAIT));
        assert_eq!(wait.left(at(399)), None, "longer than any wait is");
    }
}
