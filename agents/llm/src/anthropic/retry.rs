//! When a call is tried again, and after how long.
//!
//! The service's own SDKs' rules: obey `x-should-retry`, else 408, 409, 429 and 5xx are worth
//! another try; wait as long as `retry-after-ms` or `retry-after` say, else 0.5 s doubling,
//! less up to a quarter at random. All tries of a call begin within [`PATIENCE`]: whoever waits
//! for it sees nothing of a pause in here, so a longer one is the caller's, who can show it. A spend limit is never tried again. Sends
//! nothing and sleeps not.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Tries after the first one.
const RETRIES: u32 = 2;

/// After so long no further try begins.
const PATIENCE: Duration = Duration::from_secs(3);
const SPEND_LIMITS: [&str; 2] = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];

/// What to do after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Hand on what there is.
    Done,
    /// Another try may help, after the pause the provider asked for, if it asked.
    Again {
        /// The provider's wish.
        after: Option<Duration>,
    },
}

/// What a reply's head says about trying again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hint {
    again: bool,
    after: Option<Duration>,
}

impl Hint {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let again = match text(headers, "x-should-retry") {
            Some("true") => !status.is_success(),
            Some("false") => false,
            _ => matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error(),
        };
        Self { again, after: pause_asked_for(headers) }
    }

    /// The provider's wish, in whichever spelling it came.
    pub(super) const fn after(self) -> Option<Duration> {
        self.after
    }

    pub(super) fn worth_another_try(self) -> bool {
        self.again && self.after.is_none_or(|pause| pause <= PATIENCE)
    }

    /// Decides once the error's body is known.
    pub(super) fn verdict(self, body: &[u8]) -> Verdict {
        if !self.worth_another_try() || is_spend_limit(body) {
            return Verdict::Done;
        }
        Verdict::Again { after: self.after }
    }
}

/// Counts the tries of one call.
#[derive(Debug)]
pub(super) struct Tries {
    done: u32,
    first_pause: Duration,
}

impl Tries {
    pub(super) fn new(first_pause: Duration) -> Self {
        Self { done: 0, first_pause }
    }

    /// Returns how long to wait before the next try, or `None` when there is none; `spent` is how
    /// long the call has taken so far.
    pub(super) fn next(&mut self, verdict: Verdict, spent: Duration) -> Option<Duration> {
        let Verdict::Again { after } = verdict else { return None };
        if self.done == RETRIES {
            return None;
        }
        let pause = self.first_pause * 2_u32.pow(self.done);
        self.done += 1;
        let pause = after.unwrap_or_else(|| pause.mul_f64(1.0 - 0.25 * chance()));
        (spent + pause <= PATIENCE).then_some(pause)
    }
}

fn is_spend_limit(body: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return false };
    let error = &json["error"];
    let code = [&error["error_code"], &error["details"]["error_code"], &json["error_code"]];
    error["type"] == "billing_error"
        || code.into_iter().filter_map(Value::as_str).any(|code| SPEND_LIMITS.contains(&code))
}

fn pause_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let millis = text(headers, "retry-after-ms").and_then(|value| value.parse::<f64>().ok());
    if let Some(millis) = millis {
        return Duration::try_from_secs_f64(millis / 1_000.0).ok();
    }
    let wish = text(headers, "retry-after")?;
    match wish.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => until(wish, text(headers, "date")?),
    }
}

/// The span between two HTTP dates of one reply, so that no clock of ours is compared with theirs.
fn until(then: &str, now: &str) -> Option<Duration> {
    let moment = |text| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let seconds = moment(then)?.as_second() - moment(now)?.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number in 0..1; spreads callers, guards nothing.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(0_u8);
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            })
            .collect()
    }

    fn hint(status: u16, pairs: &[(&'static str, &'static str)]) -> Hint {
        Hint::of(StatusCode::from_u16(status).unwrap(), &headers(pairs))
    }

    #[test]
    fn only_passing_troubles_are_worth_another_try() {
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            assert!(hint(status, &[]).worth_another_try(), "{status}");
        }
        for status in [200, 400, 401, 403, 404, 413] {
            assert!(!hint(status, &[]).worth_another_try(), "{status}");
        }
    }

    #[test]
    fn the_provider_has_the_last_word() {
        assert!(!hint(529, &[("x-should-retry", "false")]).worth_another_try());
        assert!(hint(400, &[("x-should-retry", "true")]).worth_another_try());
        assert!(!hint(200, &[("x-should-retry", "true")]).worth_another_try());
        assert!(!hint(429, &[("retry-after", "4")]).worth_another_try(), "over three seconds");
    }

    #[test]
    fn a_pause_is_read_in_all_three_spellings() {
        fn after(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
            hint(429, pairs).after
        }
        assert_eq!(after(&[("retry-after-ms", "1500.5")]), Some(Duration::from_micros(1_500_500)));
        assert_eq!(after(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = "Fri, 20 Nov 2026 08:00:00 GMT";
        let later = "Fri, 20 Nov 2026 08:00:09 GMT";
        assert_eq!(after(&[("retry-after", later), ("date", date)]), Some(Duration::from_secs(9)));
        assert_eq!(after(&[("retry-after", date), ("date", later)]), Some(Duration::ZERO));
        assert_eq!(after(&[("retry-after", "-3")]), None);
        assert_eq!(after(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn a_spend_limit_is_never_tried_again() {
        let busy = br#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#;
        assert_eq!(hint(429, &[]).verdict(busy), Verdict::Again { after: None });
        let spent = br#"{"type":"error","error":{"type":"rate_limit_error",
            "error_code":"enforced_spend_limit_reached"}}"#;
        assert_eq!(hint(429, &[]).verdict(spent), Verdict::Done);
        let billing = br#"{"type":"error","error":{"type":"billing_error"}}"#;
        assert_eq!(hint(429, &[]).verdict(billing), Verdict::Done);
    }

    #[test]
    fn pauses_double_with_jitter_and_end_after_two_retries() {
        let mut tries = Tries::new(Duration::from_millis(500));
        let again = Verdict::Again { after: None };
        let (first, second) = (tries.next(again, NONE).unwrap(), tries.next(again, NONE).unwrap());
        assert!((375..=500).contains(&first.as_millis()), "{first:?}");
        assert!((750..=1_000).contains(&second.as_millis()), "{second:?}");
        assert_eq!(tries.next(again, NONE), None);
        let mut tries = Tries::new(Duration::from_secs(20));
        assert_eq!(tries.next(again, NONE), None, "that long, the caller waits");
        let mut tries = Tries::new(NONE);
        let asked = Verdict::Again { after: Some(Duration::from_secs(3)) };
        assert_eq!(tries.next(asked, NONE), Some(Duration::from_secs(3)));
    }

    #[test]
    fn no_try_begins_after_three_seconds() {
        let asked = Verdict::Again { after: Some(Duration::from_secs(2)) };
        assert!(Tries::new(NONE).next(asked, Duration::from_secs(1)).is_some());
        assert!(Tries::new(NONE).next(asked, Duration::from_secs(2)).is_none());
    }
}
