//! The one door to the system's clocks. Everything else takes a `Clock`.
//!
//! The wall clock can be shifted by `clock.offset_seconds`, for a host whose clock is known to be
//! wrong and for tests of a clock that steps back; the monotonic clock never is.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use appliance_core::{Clock, Monotonic, Timestamp};

/// The host's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    offset_micros: i64,
}

impl SystemClock {
    /// Starts the monotonic clock at zero and shifts the wall clock by `offset_seconds`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn new(offset_seconds: i64) -> Arc<Self> {
        let offset_micros = offset_seconds.saturating_mul(1_000_000);
        Arc::new(Self { started: Instant::now(), offset_micros })
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_unix_micros(micros.saturating_add(self.offset_micros))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.started.elapsed())
    }
}
