//! Panics that are expected, of libraries that meet damaged files: caught, and told as their owner says
//! instead of on standard error. Mends nothing.
//!
//! One hook for all of them, set once: of two that were set at the same moment one could be lost.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
    ptr,
    sync::{Mutex, Once, PoisonError},
};

use crate::failure::said;

/// The panics of one library.
#[derive(Debug)]
pub struct Panics {
    tell: fn(&PanicHookInfo<'_>),
    threads: &'static [&'static str],
}

thread_local! {
    /// Whose panics are caught on this thread just now.
    static WITHIN: Cell<Option<&'static Panics>> = const { Cell::new(None) };
}

/// Those that have threads of their own.
static THREADED: Mutex<Vec<&'static Panics>> = Mutex::new(Vec::new());

impl Panics {
    /// Names how they are told.
    #[must_use]
    pub const fn told_by(tell: fn(&PanicHookInfo<'_>)) -> Self {
        Self { tell, threads: &[] }
    }

    /// Has those of the library's own threads told too, once one was waited for; their names begin so.
    #[must_use]
    pub const fn of_threads(self, threads: &'static [&'static str]) -> Self {
        Self { threads, ..self }
    }

    /// Runs what may panic and returns the panic's words instead.
    ///
    /// # Errors
    /// The words.
    pub fn caught<T>(&'static self, work: impl FnOnce() -> T) -> Result<T, String> {
        listen();
        self.note_threads();
        let outer = WITHIN.replace(Some(self));
        let ended = catch_unwind(AssertUnwindSafe(work));
        WITHIN.set(outer);
        ended.map_err(|panic| said(panic.as_ref()).unwrap_or("no reason").to_owned())
    }

    /// Returns the words of a panic that is being told.
    #[must_use]
    pub fn words<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
        said(panic.payload()).unwrap_or("no reason")
    }

    fn note_threads(&'static self) {
        if self.threads.is_empty() {
            return;
        }
        let mut known = THREADED.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|it| ptr::eq(*it, self)) {
            known.push(self);
        }
    }

    fn has_thread(&self, name: &str) -> bool {
        self.threads.iter().any(|begins| name.starts_with(begins))
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    if std::thread::panicking() {
        return; // a hook cannot be set now; the next call does it
    }
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match owner() {
            Some(of) => (of.tell)(panic),
            None => before(panic),
        }));
    });
}

/// Returns whose panic it is that happens on this thread.
fn owner() -> Option<&'static Panics> {
    WITHIN.get().or_else(|| {
        let thread = std::thread::current();
        let known = THREADED.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|of| thread.name().is_some_and(|name| of.has_thread(name))).copied()
    })
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "threads as a library makes them")]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    static OURS: AtomicUsize = AtomicUsize::new(0);
    static PLAIN: Panics = Panics::told_by(|_| _ = OURS.fetch_add(1, Ordering::SeqCst));
    static THREADS: Panics =
        Panics::told_by(|_| _ = OURS.fetch_add(10, Ordering::SeqCst)).of_threads(&["its-"]);

    #[test]
    fn each_panic_is_told_by_its_owner_and_those_of_nobody_by_the_hook_before() {
        let others = Arc::new(AtomicUsize::new(0));
        let count = others.clone();
        std::panic::set_hook(Box::new(move |_| _ = count.fetch_add(1, Ordering::SeqCst)));
        let torn = Err::<(), _>("page 7 is torn".to_owned());
        assert_eq!(PLAIN.caught(|| panic!("page {} is torn", 7)), torn);
        assert_eq!(OURS.load(Ordering::SeqCst), 1);
        let inner = PLAIN.caught(|| THREADS.caught(|| panic!("page {} is torn", 7)));
        assert_eq!((inner, OURS.load(Ordering::SeqCst)), (Ok(torn), 11));
        let dies = |name: &str| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(|| panic!("torn")).unwrap().join().unwrap_err();
        };
        dies("its-1");
        assert_eq!((OURS.load(Ordering::SeqCst), others.load(Ordering::SeqCst)), (21, 0));
        dies("somebody's");
        assert_eq!((OURS.load(Ordering::SeqCst), others.load(Ordering::SeqCst)), (21, 1));
    }
}
