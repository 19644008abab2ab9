//! What is away is left alone for a while, and said in the log once a minute. Repairs nothing.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long what failed is not asked again: searches answer without it meanwhile.
const PAUSE: Duration = Duration::from_secs(5);

/// How often an outage that lasts is logged.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Whether something is away, since when, and why.
#[derive(Debug, Default)]
pub(crate) struct Outage(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    failed: Option<(Instant, String)>,
    logged: Option<Instant>,
}

impl Outage {
    /// Returns why it is left alone just now, if it is.
    pub(crate) fn pause(&self) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, why) = seen.failed.as_ref()?;
        (at.elapsed() < PAUSE).then(|| why.clone())
    }

    /// Returns why it failed the last time, if it did and has not worked since.
    pub(crate) fn stands(&self) -> Option<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.failed.as_ref().map(|(_, why)| why.clone())
    }

    /// Notes that `what` failed; returns why, for whoever has to say it.
    pub(crate) fn failed(&self, what: &str, why: &dyn fmt::Display) -> String {
        let why = why.to_string();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            seen.logged = Some(Instant::now());
            tracing::warn!(event = "degraded", %why, "memory search goes on without {what}");
        }
        seen.failed = Some((Instant::now(), why.clone()));
        why
    }

    /// Notes that it works.
    pub(crate) fn works(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.failed.take().is_some() {
            seen.logged = None;
        }
    }
}
