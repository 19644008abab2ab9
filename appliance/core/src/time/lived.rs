//! Time as this house has lived it: what is deleted by age is judged by it, and logins end by it.
//!
//! It never goes back. It goes on at least as fast as the monotonic clock, whatever the wall clock
//! says, and it follows a wall clock that lies ahead at most [`CATCH_UP`] times as fast: a clock
//! that jumps a year ahead and is put right after an hour has aged nothing by more than a day, and
//! a server that was off for a month has caught up after a day of running. Pure: is told both clocks
//! and reads neither.

use std::time::Duration;

use super::{Monotonic, Timestamp};

/// How many spans of unseen time are made up for in one that is lived.
const CATCH_UP: u32 = 30;

/// Unseen time that a start takes for granted: a restart, or what was not kept before a crash.
const GRANTED: Duration = Duration::from_secs(5 * 60);

/// Lived time and when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lived {
    at: Timestamp,
    seen: Monotonic,
}

impl Lived {
    /// Starts at a moment that needs no proof, such as a first start's.
    #[must_use]
    pub const fn at(moment: Timestamp, seen: Monotonic) -> Self {
        Self { at: moment, seen }
    }

    /// Goes on from what an earlier life had lived to.
    #[must_use]
    pub fn resumed(kept: Timestamp, wall: Timestamp, seen: Monotonic) -> Self {
        Self { at: wall.clamp(kept, kept.plus(GRANTED)), seen }
    }

    /// Takes in both clocks and returns the moment lived to.
    pub fn observe(&mut self, wall: Timestamp, monotonic: Monotonic) -> Timestamp {
        let span = monotonic.since(self.seen);
        self.seen = self.seen.max(monotonic);
        let most = span.saturating_mul(CATCH_UP + 1);
        self.at = wall.clamp(self.at.plus(span), self.at.plus(most));
        self.at
    }

    /// Takes the wall clock's word: a person has confirmed that this time has passed.
    pub fn confirm(&mut self, wall: Timestamp) {
        self.at = self.at.max(wall);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_unix_micros(1_793_000_000_000_000);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const ZERO: Monotonic = Monotonic(Duration::ZERO);

    fn back(moment: Timestamp, span: Duration) -> Timestamp {
        Timestamp::from_unix_micros(
            moment.unix_micros() - i64::try_from(span.as_micros()).unwrap_or(i64::MAX),
        )
    }

    /// Lets both clocks pass `span` second by second.
    fn live(lived: &mut Lived, wall: Timestamp, from: Monotonic, span: Duration) -> Timestamp {
        (0..=span.as_secs()).fold(wall, |_, second| {
            let passed = Duration::from_secs(second);
            lived.observe(wall.plus(passed), from.plus(passed))
        })
    }

    #[test]
    fn clocks_that_agree_are_followed_exactly() {
        let mut lived = Lived::at(START, ZERO);
        assert_eq!(live(&mut lived, START, ZERO, DAY), START.plus(DAY));
        assert_eq!(lived.observe(START.plus(DAY), Monotonic(DAY)), START.plus(DAY), "asked again");
    }

    #[test]
    fn a_jump_ahead_and_back_ages_nothing_by_more_than_thirty_times_its_stay() {
        for days in [31, 366, 3_660] {
            let mut lived = Lived::at(START, ZERO);
            let stay = Duration::from_secs(60);
            let moment = live(&mut lived, START.plus(days * DAY), ZERO, stay);
            assert_eq!(moment, START.plus(31 * stay), "{days} days");
            let after = lived.observe(START.plus(stay), Monotonic(stay));
            assert_eq!(after, moment, "and it does not go back");
        }
    }

    #[test]
    fn a_jump_back_stops_nothing_and_takes_nothing_back() {
        for days in [31, 366, 3_660] {
            let mut lived = Lived::at(START, ZERO);
            let moment = live(&mut lived, back(START, days * DAY), ZERO, Duration::from_secs(60));
            assert_eq!(moment, START.plus(Duration::from_secs(60)), "{days} days");
        }
    }

    #[test]
    fn time_off_is_lived_through_or_confirmed() {
        let off = START.plus(40 * DAY);
        let mut lived = Lived::resumed(START, off, ZERO);
        assert_eq!(lived.observe(off, ZERO), START.plus(GRANTED));
        let two_days = 2 * DAY;
        assert_eq!(live(&mut lived, off, ZERO, two_days), off.plus(two_days), "caught up");

        let mut lived = Lived::resumed(START, off, ZERO);
        lived.confirm(off);
        assert_eq!(lived.observe(off, ZERO), off);
    }

    #[test]
    fn a_short_restart_is_taken_for_granted_and_many_do_not_add_up() {
        let minute = Duration::from_secs(60);
        assert_eq!(Lived::resumed(START, START.plus(minute), ZERO).at, START.plus(minute));
        let ahead = START.plus(366 * DAY);
        let lived = (0..10).fold(START, |kept, _| {
            let mut lived = Lived::resumed(kept, ahead, ZERO);
            lived.observe(ahead, ZERO)
        });
        assert_eq!(lived, START.plus(10 * GRANTED), "fifty minutes of a year");
        assert_eq!(
            Lived::resumed(lived, START, ZERO).at,
            lived,
            "put right: nothing is taken back"
        );
    }
}
