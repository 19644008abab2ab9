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

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "threads as tantivy makes them")]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn panics_of_the_index_are_told_by_no_other_hook_and_others_are() {
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        std::panic::set_hook(Box::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(caught(|| panic!("page {} is torn", 7)), Err::<(), _>("page 7 is torn".into()));
        let dies = |name: &str| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(|| panic!("torn")).unwrap().join().unwrap_err();
        };
        ["thrd-tantivy-index0", "segment_updater", "merge_thread_1"].into_iter().for_each(dies);
        assert_eq!(told.load(Ordering::SeqCst), 0);
        dies("somebody's");
        assert_eq!(told.load(Ordering::SeqCst), 1);
    }
}
