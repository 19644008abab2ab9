//! How useful a memory has proven, as a pure function of how it was used. Reads and stores nothing.
//!
//! The plan's weights: how often it was found, at which place, how lately, and what people said.
//! Every part is in 0..=1 and so is the sum; a better place (1 is best) counts for more.

use std::time::Duration;

use appliance_core::{Standing, Timestamp, Utility};

/// What each part is worth, in ten-thousandths; together 10,000.
const OFTEN: f64 = 3_000.0;
const PLACE: f64 = 3_000.0;
const RECENT: f64 = 2_000.0;
const LIKED: f64 = 2_000.0;

/// Uses after which more of them say nothing new.
const MANY_USES: f64 = 10.0;

/// Places after the first at which a find counts for nothing.
const PLACES: f64 = 5.0;

/// Days in which a use loses half of what it says.
const HALF_LIFE_DAYS: f64 = 30.0;

/// The most that feedback adds up to, either way.
const MOST_FEEDBACK: i32 = 10_000;

/// Returns how useful a memory is that was used `accesses` times, the last time at place `rank`
/// (1 is best, 0 is never) and `unused` ago, and of which people say `feedback` (-10,000..=10,000).
#[must_use]
pub fn utility(accesses: u32, rank: u32, unused: Duration, feedback: i32) -> Utility {
    let often = (f64::from(accesses) / MANY_USES).min(1.0);
    let sum =
        OFTEN * often + PLACE * placed(rank) + RECENT * recency(unused) + LIKED * liked(feedback);
    whole(sum)
}

/// Returns how useful a memory is now that stands like this and has just been found at `rank`.
#[must_use]
pub fn found(standing: &Standing, rank: u32) -> Utility {
    utility(standing.accesses.saturating_add(1), rank, Duration::ZERO, standing.feedback)
}

/// Returns what is left of `noted`, which was worked out when the memory was last used, `unused`
/// ago: its part for recency has faded since.
#[must_use]
pub fn faded(noted: Utility, unused: Duration) -> Utility {
    whole(f64::from(noted.ten_thousandths()) - RECENT * (1.0 - recency(unused)))
}

/// Returns how long before `now` `then` was; nothing where it lies ahead.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> Duration {
    let micros = now.unix_micros().saturating_sub(then.unix_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Returns the moment `span` before `now`.
pub(crate) fn before(now: Timestamp, span: Duration) -> Timestamp {
    let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(now.unix_micros().saturating_sub(micros))
}

fn placed(rank: u32) -> f64 {
    if rank == 0 {
        return 0.0;
    }
    (1.0 - (f64::from(rank) - 1.0) / PLACES).clamp(0.0, 1.0)
}

fn recency(unused: Duration) -> f64 {
    (0.5_f64).powf(unused.as_secs_f64() / 86_400.0 / HALF_LIFE_DAYS)
}

fn liked(feedback: i32) -> f64 {
    let bounded = feedback.clamp(-MOST_FEEDBACK, MOST_FEEDBACK);
    f64::from(bounded + MOST_FEEDBACK) / f64::from(2 * MOST_FEEDBACK)
}

/// Rounds to ten-thousandths; the cast saturates, and makes 0 of what is no number.
fn whole(sum: f64) -> Utility {
    Utility::from_ten_thousandths(sum.clamp(0.0, 10_000.0).round() as u16)
}
