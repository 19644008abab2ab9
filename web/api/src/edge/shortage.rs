//! Connections that cannot be accepted, as when no more files may be open: said once a minute for all
//! listeners together, however often they try. Accepts none.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a failure that goes on is not said again.
const SAID_AGAIN: Duration = Duration::from_secs(60);

/// What the listeners of one server have failed to accept.
#[derive(Debug, Clone, Default)]
pub struct Shortage(Arc<Mutex<Failures>>);

#[derive(Debug, Default)]
struct Failures {
    failed: u64,
    said: Option<Instant>,
}

impl Shortage {
    /// Counts a failure, and says it unless that was done a moment ago.
    pub(super) fn note(&self, error: &io::Error) {
        if let Some(failed) = self.count(Instant::now()) {
            let what = "connections are not accepted until this has passed";
            tracing::warn!(event = "degraded", %error, failed, "{what}");
        }
    }

    /// Returns how many there were so far, if it is to be said.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.failed += 1;
        if failures.said.is_some_and(|said| now.duration_since(said) < SAID_AGAIN) {
            return None;
        }
        failures.said = Some(now);
        Some(failures.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_goes_on_is_said_once_a_minute_by_all_together() {
        let (shortage, now) = (Shortage::default(), Instant::now());
        let other = shortage.clone();
        let first = (shortage.count(now), other.count(now), shortage.count(now));
        assert_eq!(first, (Some(1), None, None));
        let later = now + SAID_AGAIN;
        assert_eq!((other.count(later), shortage.count(later)), (Some(4), None));
    }
}
