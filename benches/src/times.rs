//! Spans of time as the benches count them.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;

/// Returns an empty count: one microsecond to a minute, three digits.
pub(crate) fn histogram() -> anyhow::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, 60_000_000, 3).context("while making a histogram")
}

/// Returns the milliseconds that a part of all stayed under.
pub(crate) fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1_000.0
}

/// Returns microseconds, as a histogram takes them.
pub(crate) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX).min(60_000_000)
}

/// Returns milliseconds.
pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
