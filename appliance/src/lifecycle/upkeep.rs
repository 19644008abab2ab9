//! Upkeep: once an hour the records let go of what is done with. Judges ages by lived time, so that a
//! clock that jumps takes nothing away.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    Clock, Timestamp,
    ports::{Sweep, Upkeep},
};
use tokio_util::sync::CancellationToken;

/// Between the start and the first sweep: a start has better things to do.
const FIRST_AFTER: Duration = Duration::from_secs(5 * 60);

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// How long an acknowledged bus entry stays, for whoever looks what happened.
const ENTRIES_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of acknowledged entries that a stream holds at most.
const STREAM_BYTES: usize = 8 * 1024 * 1024;

/// How long a login that ended stays, for whoever looks where it came from.
const SESSIONS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a token for a program that expired stays, for whoever wonders why the program is refused.
const TOKENS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Sweeps until `end`; what fails is said and tried again with the next one.
pub async fn run(store: Arc<dyn Upkeep>, clock: Arc<dyn Clock>, end: CancellationToken) {
    let mut pause = FIRST_AFTER;
    while end.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        match store.sweep(due(clock.earliest())).await {
            Ok(swept) => tracing::debug!(?swept, "swept the records"),
            Err(error) => tracing::warn!(%error, "the records could not be swept; tried again"),
        }
        pause = EVERY;
    }
}

/// What may go at `now`.
fn due(now: Timestamp) -> Sweep {
    let ago = |span: Duration| {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_unix_micros(now.unix_micros().saturating_sub(micros))
    };
    Sweep {
        entries_before: ago(ENTRIES_KEPT),
        stream_bytes: STREAM_BYTES,
        sessions_before: ago(SESSIONS_KEPT),
        tokens_before: ago(TOKENS_KEPT),
    }
}
