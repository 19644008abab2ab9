//! The pauses of the whole process: SIGSTOP, a debugger, a virtual machine that was held.
//!
//! A running server looks at its clock twice a second. Where two looks lie further apart than
//! [`LONGEST`], it did not run in between: that time counts for nothing that is measured from here,
//! be it a heartbeat, a lease or a wait. Knows no clock: it is told the time.

use std::time::Duration;

/// Longest time between two looks that was lived through: ten times the usual, for a busy machine,
/// and far below every limit that is measured (a lease's 60 s, a heartbeat's 60 s).
const LONGEST: Duration = Duration::from_secs(5);

/// What was not lived through.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    seen: Duration,
    missed: Duration,
}

impl Pauses {
    /// Turns the time since the start into that which was lived through; never goes back.
    pub(super) fn lived(&mut self, since_start: Duration) -> Duration {
        let gap = since_start.saturating_sub(self.seen);
        if gap > LONGEST {
            self.missed += gap;
            tracing::warn!(
                event = "paused",
                seconds = gap.as_secs(),
                "the server itself was stopped for a while; that time is held against nobody"
            );
        }
        self.seen = self.seen.max(since_start);
        self.seen.saturating_sub(self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_counts_for_nothing_and_time_goes_on_from_where_it_was() {
        let (mut pauses, at) = (Pauses::default(), Duration::from_millis);
        assert_eq!(pauses.lived(at(500)), at(500));
        assert_eq!(pauses.lived(at(5_500)), at(5_500), "five busy seconds are lived through");
        assert_eq!(pauses.lived(at(65_600)), at(5_500), "a minute stopped is not");
        assert_eq!(pauses.lived(at(66_100)), at(6_000));
        assert_eq!(pauses.lived(at(66_000)), at(6_000), "never back");
        assert_eq!(pauses.lived(at(166_100)), at(6_000), "a second pause is another");
        assert_eq!(pauses.lived(at(166_600)), at(6_500));
    }
}
