//! Time: the wall clock for people, the monotonic clock for leases, and the one door to both.
//!
//! Does not read the system's clock: [`Clock`] is implemented by the appliance ([`ManualClock`]
//! serves tests), and clippy forbids the standard library's clocks everywhere else.

use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC with microseconds; RFC 3339 as text and on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Builds a moment from microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Returns whole milliseconds since 1970, zero for anything earlier.
    #[must_use]
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// Returns the moment `span` later, clamped at the end of time.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(|moment| Self(moment.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// A point on the monotonic clock: time since the clock was made; never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Monotonic(pub Duration);

impl Monotonic {
    /// Returns the point `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// Returns how long ago `earlier` was, zero if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The one door to time.
///
/// Implementations: `SystemClock` (appliance), [`ManualClock`] (tests). `now` MAY step back;
/// `monotonic` MUST NOT.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the wall clock's moment in UTC.
    fn now(&self) -> Timestamp;

    /// Returns the monotonic clock's point, for leases and timeouts.
    fn monotonic(&self) -> Monotonic;
}

/// A clock that moves only when told to; for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    wall_millis: AtomicU64,
    monotonic_millis: AtomicU64,
}

impl ManualClock {
    /// Starts the wall clock at `millis` since 1970 and the monotonic clock at zero.
    #[must_use]
    pub const fn at_millis(millis: u64) -> Self {
        Self { wall_millis: AtomicU64::new(millis), monotonic_millis: AtomicU64::new(0) }
    }

    /// Sets the wall clock, forwards or back; the monotonic clock stays.
    pub fn set_millis(&self, millis: u64) {
        self.wall_millis.store(millis, Ordering::SeqCst);
    }

    /// Lets `span` pass on both clocks.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.wall_millis.fetch_add(millis, Ordering::SeqCst);
        self.monotonic_millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let millis = self.wall_millis.load(Ordering::SeqCst);
        Timestamp::from_unix_micros(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(Duration::from_millis(self.monotonic_millis.load(Ordering::SeqCst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_back_what_it_prints() {
        let moment = Timestamp::from_unix_micros(1_793_000_000_123_456);
        assert_eq!(moment.to_string().parse::<Timestamp>().ok(), Some(moment));
        assert!(moment.to_string().ends_with("Z"));
    }
}
