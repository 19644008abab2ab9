//! Panics of redb on damaged pages: caught, and told in our own words instead of on standard error.
//!
//! redb asserts where a damaged page cannot be. [`caught`] turns that into its words; where it happened
//! is what [`at`] was told last. Mends nothing.

use std::cell::Cell;

use appliance_tasks::Panics;

/// What redb's panics say reaches whoever asked; the log hears where they were.
static PANICS: Panics = Panics::told_by(|panic| {
    tracing::debug!(at = panic.location().map(ToString::to_string), "a panic is caught");
});

thread_local! {
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
    PANICS.caught(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_panic_come_back_and_its_table_once() {
        assert_eq!(caught(|| at("marks.v1", || 7)), Ok(7));
        assert_eq!(place(), None);
        let torn = caught(|| at::<()>("marks.v1", || panic!("page {} is damaged", 3)));
        assert_eq!(torn, Err("page 3 is damaged".to_owned()));
        assert_eq!((place(), place()), (Some("marks.v1"), None));
    }
}
