//! Time as this house has lived it: what is deleted by age is judged by it, and logins end by it.
//!
//! It never goes back, and it goes on as fast as the monotonic clock, whatever the wall clock says. Up to
//! a day ([`TRUSTED`]) that the wall clock lies ahead is made up for at [`CATCH_UP`] times that pace: a
//! server that is off at night. What lies further ahead waits for a person's word or for real time: a
//! clock that jumps a year ahead ages nothing, however often the server starts under it. Pure: is told
//! both clocks and reads neither.

use std::time::Duration;

use super::{Monotonic, Timestamp};

/// How many spans of unseen time are made up for in one that is lived.
const CATCH_UP: u32 = 30;

/// Unseen time that a start takes for granted: a restart, or what was not kept before a crash. More
/// than that is a clock to be looked at, of which nothing is granted.
const GRANTED: Duration = Duration::from_secs(5 * 60);

/// Unseen time that is made up for without anybody's word; of a clock further off people are told.
pub const TRUSTED: Duration = Duration::from_secs(24 * 60 * 60);

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
        let granted = if wall <= kept.plus(GRANTED) { wall } else { kept };
        Self { at: granted.max(kept), seen }
    }

    /// Takes in both clocks and returns the moment lived to.
    pub fn observe(&mut self, wall: Timestamp, monotonic: Monotonic) -> Timestamp {
        let span = monotonic.since(self.seen);
        self.seen = self.seen.max(monotonic);
        let passed = self.at.plus(span);
        let most = self.at.plus(span.saturating_mul(CATCH_UP + 1));
        self.at = if wall <= passed.plus(TRUSTED) { wall.clamp(passed, most) } else { passed };
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
    fn a_jump_ahead_ages_nothing_beyond_the_time_that_passes() {
        for days in [31, 366, 3_660] {
            let mut lived = Lived::at(START, ZERO);
            let stay = 3 * DAY;
            let moment = live(&mut lived, START.plus(days * DAY), ZERO, stay);
            assert_eq!(moment, START.plus(stay), "{days} days");
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
    fn a_night_off_is_made_up_for_and_a_month_waits_for_a_word() {
        let morning = START.plus(DAY / 3);
        let mut lived = Lived::resumed(START, morning, ZERO);
        assert_eq!(lived.observe(morning, ZERO), START);
        let hour = Duration::from_secs(60 * 60);
        assert_eq!(live(&mut lived, morning, ZERO, hour), morning.plus(hour), "caught up");

        let off = START.plus(40 * DAY);
        let mut lived = Lived::resumed(START, off, ZERO);
        assert_eq!(live(&mut lived, off, ZERO, 2 * DAY), START.plus(2 * DAY));
        lived.confirm(off.plus(2 * DAY));
        assert_eq!(lived.observe(off.plus(2 * DAY), Monotonic(2 * DAY)), off.plus(2 * DAY));
    }

    #[test]
    fn a_short_restart_is_taken_for_granted_and_none_under_a_clock_far_ahead() {
        let minute = Duration::from_secs(60);
        assert_eq!(Lived::resumed(START, START.plus(minute), ZERO).at, START.plus(minute));
        let ahead = START.plus(366 * DAY);
        let lived = (0..300).fold(START, |kept, _| {
            let mut lived = Lived::resumed(kept, ahead, ZERO);
            lived.observe(ahead, ZERO)
        });
        assert_eq!(lived, START, "three hundred starts of a year");
        let put_right = Lived::resumed(START.plus(minute), START, ZERO).at;
        assert_eq!(put_right, START.plus(minute), "nothing is taken back");
    }
}
