//! Panics of tantivy on what was not written by it: caught, and said in one line of the log instead of
//! on standard error, also those of its own threads. Mends nothing: see [`ruin`](super::ruin).

use appliance_tasks::Panics;

/// What the names of tantivy's threads begin with.
const THREADS: [&str; 3] = ["thrd-tantivy-index", "segment_updater", "merge_thread_"];

static PANICS: Panics = Panics::told_by(|panic| {
    tracing::warn!(
        event = "degraded",
        why = Panics::words(panic),
        at = panic.location().map(ToString::to_string),
        "the index of words met files that are not what was written; its words are filled again from \
         the memories"
    );
})
.of_threads(&THREADS);

/// Runs what may panic on damaged files and returns its words instead.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    PANICS.caught(work)
}
