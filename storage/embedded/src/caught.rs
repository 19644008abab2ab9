//! Panics of redb on damaged pages: caught, and told in our own words instead of on standard error.
//!
//! redb asserts where a damaged page cannot be. [`caught`] turns that into its words; the panic hook
//! that it sets up stays silent meanwhile, and passes every other panic on to the hook before it. Where
//! it happened is what [`at`] was told last. Mends nothing.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

thread_local! {
    /// How many [`caught`] this thread is in.
    static WITHIN: Cell<u32> = const { Cell::new(0) };
    /// The table that this thread works on.
    static TABLE: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Works on a table: a panic meanwhile is one in it.
pub(crate) fn at<T>(table: &'static str, work: impl FnOnce() -> T) -> T {
    TABLE.set(Some(table));
    let done = work();
    TABLE.set(None);
    done
}

/// Returns the table in which the panic happened that was caught last, once.
pub(crate) fn place() -> Option<&'static str> {
    TABLE.take()
}

/// Runs what may panic on a damaged page and returns its words instead.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    WITHIN.set(WITHIN.get() + 1);
    let ended = catch_unwind(AssertUnwindSafe(run));
    WITHIN.set(WITHIN.get() - 1);
    ended.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason").to_owned()
    })
}

fn keep_quiet() {
    static ONCE: Once = Once::new();
    if std::thread::panicking() {
        return; // a hook cannot be set now; the next call does it
    }
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if WITHIN.get() == 0 {
                before(panic);
            } else {
                tracing::debug!(
                    at = panic.location().map(ToString::to_string),
                    "a panic is caught"
                );
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_panic_come_back() {
        assert_eq!(caught(|| at("marks.v1", || 7)), Ok(7));
        assert_eq!(place(), None);
        assert!(caught(|| at("marks.v1", || panic!("no page"))).is_err());
        assert_eq!((place(), place()), (Some("marks.v1"), None));
        assert_eq!(
            caught(|| panic!("page {} is damaged", 3)),
            Err::<(), _>("page 3 is damaged".to_owned())
        );
        assert_eq!(WITHIN.get(), 0);
    }
}
