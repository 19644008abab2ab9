//! Lived time across restarts: kept in the data directory, and loud when the wall clock jumps.
//!
//! The file `lived` holds one moment. It is written every minute of lived time and at the end, so
//! that a crash forgets no more than the next start takes for granted. Judges nothing by it: what
//! counts as lived is [`appliance_core::time::Lived`]'s.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use appliance_core::{Clock, Monotonic, Timestamp};
use appliance_tasks::{TaskKind, Tasks};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;

/// The file in the data directory.
const FILE: &str = "lived";

/// Writes the file where it may block.
const KEEP: TaskKind = TaskKind::new("clock.keep");

/// Between two looks at the clocks.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Lived time after which it is written anew.
const KEEP_EVERY: Duration = Duration::from_secs(60);

/// A jump of the wall clock that is said.
const LOUD: Duration = Duration::from_secs(60 * 60);

/// Goes on from what was kept; in data from before this was kept, from the newest id's time.
pub fn resume(clock: &SystemClock, data_dir: &Path, newest_millis: u64) {
    let newest = i64::try_from(newest_millis).unwrap_or(i64::MAX).saturating_mul(1_000);
    let newest = (newest > 0).then(|| Timestamp::from_unix_micros(newest));
    let kept = read(&data_dir.join(FILE)).unwrap_or_else(|why| {
        tracing::warn!(%why, "how far this house has lived cannot be read; the records tell it");
        None
    });
    clock.resume(kept.or(newest));
}

/// What keeps lived time, once it is run.
pub struct Keeping {
    clock: Arc<dyn Clock>,
    path: PathBuf,
    tasks: Tasks,
}

impl Keeping {
    /// Keeps the lived time of `clock` in the data directory.
    pub fn new(clock: Arc<dyn Clock>, data_dir: &Path, tasks: Tasks) -> Self {
        Self { clock, path: data_dir.join(FILE), tasks }
    }

    /// Keeps it, and tells jumps, until `end`.
    pub async fn run(self, end: CancellationToken) {
        let mut watch = Watch::default();
        let mut kept: Option<Timestamp> = None;
        loop {
            let ended = end.is_cancelled();
            let (lived, monotonic) = (self.clock.lived(), self.clock.monotonic());
            watch.look(Look { wall: self.clock.now(), lived, monotonic });
            if ended || kept.is_none_or(|kept| kept.plus(KEEP_EVERY) <= lived) {
                self.write(lived).await;
                kept = Some(lived);
            }
            if ended {
                return;
            }
            let _ = end.run_until_cancelled(sleep(LOOK_EVERY)).await;
        }
    }

    /// Writes it; what fails is tried again a minute later, and a start without it knows what to do.
    async fn write(&self, lived: Timestamp) {
        let path = self.path.clone();
        let written = self.tasks.blocking(KEEP, move || write(&path, lived)).await;
        if let Err(why) = written.map_err(io::Error::other).flatten() {
            tracing::warn!(%why, "how far this house has lived was not kept");
        }
    }
}

fn read(path: &Path) -> io::Result<Option<Timestamp>> {
    match appliance_files::read_text(path) {
        Ok(text) => text.trim().parse().map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, lived: Timestamp) -> io::Result<()> {
    appliance_files::replace(path, format!("{lived}\n").as_bytes())
}

/// What the clocks say at one moment.
#[derive(Debug, Clone, Copy)]
struct Look {
    wall: Timestamp,
    lived: Timestamp,
    monotonic: Monotonic,
}

/// Tells each jump once.
#[derive(Debug, Default)]
struct Watch {
    last: Option<Look>,
    behind: bool,
}

impl Watch {
    fn look(&mut self, now: Look) {
        let expected =
            self.last.map_or(now.lived, |last| last.wall.plus(now.monotonic.since(last.monotonic)));
        self.last = Some(now);
        if expected.plus(LOUD) <= now.wall {
            self.behind = true;
            say_ahead(expected, now);
        } else if now.wall.plus(LOUD) <= expected {
            say_back(expected, now);
        } else if self.behind && now.lived >= now.wall {
            self.behind = false;
            tracing::info!(event = "clock.caught_up", "lived time has caught up with the clock");
        }
    }
}

fn say_ahead(expected: Timestamp, now: Look) {
    tracing::warn!(
        event = "clock.jumped",
        expected = %expected,
        found = %now.wall,
        "the clock is ahead of the time that this server has seen pass, by {}: it was off, or the \
         clock is wrong. Up to a day is made up for by itself; beyond that nothing is deleted by \
         age and no login ends until that time has been lived through, or `ai-infra clock confirm` \
         says that the clock is right",
        span(now.wall, expected)
    );
}

fn say_back(expected: Timestamp, now: Look) {
    tracing::warn!(
        event = "clock.jumped",
        expected = %expected,
        found = %now.wall,
        "the clock was set back by {}: order, logins and what is deleted by age go on from the \
         time that was lived",
        span(expected, now.wall)
    );
}

/// Says a span in the unit that fits.
fn span(later: Timestamp, earlier: Timestamp) -> String {
    let hours = later.unix_micros().saturating_sub(earlier.unix_micros()) / 3_600_000_000;
    if hours >= 48 { format!("{} days", hours / 24) } else { format!("{hours} h") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_back_and_a_damaged_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(read(&path).unwrap(), None);
        let moment = Timestamp::from_unix_micros(1_793_000_000_123_456);
        write(&path, moment).unwrap();
        assert_eq!(read(&path).unwrap(), Some(moment));
        std::fs::write(&path, "yesterday").unwrap();
        assert!(read(&path).is_err());
    }

    #[test]
    fn a_span_is_said_in_hours_or_days() {
        let moment = |hours: i64| Timestamp::from_unix_micros(hours * 3_600_000_000);
        assert_eq!(span(moment(30), moment(0)), "30 h");
        assert_eq!(span(moment(366 * 24), moment(0)), "366 days");
    }
}
