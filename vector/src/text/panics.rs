//! Panics of tantivy on what was not written by it: caught, and said in one line of the log instead of
//! on standard error, also those of its own threads. Mends nothing: see [`ruin`](super::ruin).

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
    sync::Once,
};

thread_local! {
    /// How many [`caught`] this thread is in.
    static WITHIN: Cell<u32> = const { Cell::new(0) };
}

/// What the names of tantivy's threads begin with.
const THREADS: [&str; 3] = ["thrd-tantivy-index", "segment_updater", "merge_thread_"];

/// Runs what may panic on damaged files and returns its words instead.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    WITHIN.set(WITHIN.get() + 1);
    let ended = catch_unwind(AssertUnwindSafe(work));
    WITHIN.set(WITHIN.get() - 1);
    ended.map_err(|panic| words(panic.as_ref()))
}

/// Has the panics of the index told in the log; every other goes on to the hook before.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    if std::thread::panicking() {
        return; // a hook cannot be set now; the next call does it
    }
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(
            move |panic| {
                if is_ours() { tell(panic) } else { before(panic) }
            },
        ));
    });
}

fn is_ours() -> bool {
    let thread = std::thread::current();
    let is_its = |name: &str| THREADS.iter().any(|of_it| name.starts_with(of_it));
    WITHIN.get() > 0 || thread.name().is_some_and(is_its)
}

fn tell(panic: &PanicHookInfo<'_>) {
    tracing::warn!(
        event = "degraded",
        why = words(panic.payload()),
        at = panic.location().map(ToString::to_string),
        "the index of words met files that are not what was written; its words are filled again from \
         the memories"
    );
}

/// Returns what a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it makes no sense").to_owned()
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
