//! The one door to the system's clocks. Everything else takes a `Clock`.
//!
//! The wall clock can be shifted by `clock.offset_seconds`, for a host whose clock is known to be
//! wrong and for tests of a clock that jumps; the monotonic clock never is. A server's monotonic
//! clock counts only what the server lived through, so that its own pause is held against nobody.

mod pauses;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use appliance_core::{Clock, Monotonic, Timestamp, time::Lived};
use tokio_util::sync::CancellationToken;

use self::pauses::Pauses;

/// How often a server's clock is looked at, whoever else looks.
const TICK: Duration = Duration::from_millis(500);

/// The host's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    offset_micros: i64,
    pauses: Option<Mutex<Pauses>>,
    lived: Mutex<Lived>,
}

impl SystemClock {
    /// Starts the monotonic clock at zero and shifts the wall clock by `offset_seconds`. Until
    /// [`SystemClock::resume`] nothing counts as lived, so that nothing has an age.
    #[must_use]
    pub fn new(offset_seconds: i64) -> Arc<Self> {
        Arc::new(Self::with(offset_seconds, None))
    }

    /// The same for a server, which is to [`tick`]: its pauses do not count.
    #[must_use]
    pub fn of_a_server(offset_seconds: i64) -> Arc<Self> {
        Arc::new(Self::with(offset_seconds, Some(Mutex::default())))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn with(offset_seconds: i64, pauses: Option<Mutex<Pauses>>) -> Self {
        let offset_micros = offset_seconds.saturating_mul(1_000_000);
        let lived =
            Mutex::new(Lived::at(Timestamp::from_unix_micros(0), Monotonic(Duration::ZERO)));
        Self { started: Instant::now(), offset_micros, pauses, lived }
    }

    /// Goes on from the moment that an earlier life had lived to; without one, from now.
    pub fn resume(&self, kept: Option<Timestamp>) {
        let (wall, monotonic) = (self.now(), self.monotonic());
        let kept = kept.unwrap_or(wall);
        self.with_lived(|lived| *lived = Lived::resumed(kept, wall, monotonic));
    }

    fn with_lived<T>(&self, act: impl FnOnce(&mut Lived) -> T) -> T {
        act(&mut self.lived.lock().unwrap_or_else(PoisonError::into_inner))
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
        let Some(pauses) = &self.pauses else { return Monotonic(self.started.elapsed()) };
        let mut pauses = pauses.lock().unwrap_or_else(PoisonError::into_inner);
        Monotonic(pauses.lived(self.started.elapsed()))
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

/// Looks at a server's clock until `stop`, so that a longer silence of it is the server's own.
pub async fn tick(clock: Arc<dyn Clock>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        clock.monotonic();
    }
}
