//! The one door to time, and the clock of tests that moves only when told to.

use std::{
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Lived, Monotonic, Timestamp};

/// The one door to time.
///
/// Implementations: `SystemClock` (appliance), [`ManualClock`] (tests). `now` MAY step back and jump
/// ahead; `monotonic` and `lived` MUST NOT go back.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the wall clock's moment in UTC, for people and for order.
    fn now(&self) -> Timestamp;

    /// Returns the monotonic clock's point, for leases and timeouts.
    fn monotonic(&self) -> Monotonic;

    /// Returns the moment that this house has lived to ([`Lived`]), for what ends by itself: logins,
    /// links, keys. Give them their end by it as well.
    fn lived(&self) -> Timestamp;

    /// Takes the wall clock's word for time that was not lived through: a person has confirmed it.
    fn confirm(&self);

    /// Returns the earlier of the two: judges the age of what is deleted by it.
    fn earliest(&self) -> Timestamp {
        self.now().min(self.lived())
    }

    /// Returns the later of the two: stamps what is deleted by its age.
    fn latest(&self) -> Timestamp {
        self.now().max(self.lived())
    }

    /// Returns how far the wall clock is ahead of what was lived.
    fn unlived(&self) -> Duration {
        gap(self.lived(), self.now())
    }

    /// Returns how far the wall clock is behind what was lived: it was set back.
    fn set_back(&self) -> Duration {
        gap(self.now(), self.lived())
    }
}

/// Returns how much later `later` is; nothing when it is not.
fn gap(earlier: Timestamp, later: Timestamp) -> Duration {
    let micros = later.unix_micros().saturating_sub(earlier.unix_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// A clock that moves only when told to; for tests and simulations.
#[derive(Debug)]
pub struct ManualClock {
    wall_millis: AtomicU64,
    monotonic_millis: AtomicU64,
    lived: Mutex<Lived>,
}

impl ManualClock {
    /// Starts the wall clock at `millis` since 1970 and the monotonic clock at zero.
    #[must_use]
    pub const fn at_millis(millis: u64) -> Self {
        Self {
            wall_millis: AtomicU64::new(millis),
            monotonic_millis: AtomicU64::new(0),
            lived: Mutex::new(Lived::at(moment(millis), Monotonic(Duration::ZERO))),
        }
    }

    /// Sets the wall clock, forwards or back; the monotonic clock stays.
    pub fn set_millis(&self, millis: u64) {
        self.lived();
        self.wall_millis.store(millis, Ordering::SeqCst);
    }

    /// Lets `span` pass on both clocks.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.wall_millis.fetch_add(millis, Ordering::SeqCst);
        self.monotonic_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn with_lived<T>(&self, act: impl FnOnce(&mut Lived) -> T) -> T {
        act(&mut self.lived.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        moment(self.wall_millis.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(Duration::from_millis(self.monotonic_millis.load(Ordering::SeqCst)))
    }

    fn lived(&self) -> Timestamp {
        let (wall, monotonic) = (self.now(), self.monotonic());
        self.with_lived(|lived| lived.observe(wall, monotonic))
    }

    fn confirm(&self) {
        let wall = self.now();
        self.with_lived(|lived| lived.confirm(wall));
    }
}

const fn moment(millis: u64) -> Timestamp {
    Timestamp::from_unix_micros((millis as i64).saturating_mul(1_000))
}
