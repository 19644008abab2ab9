//! The steps of a move between tiers, told to a test that wants to end the process at one of them.
//!
//! In a build without debug assertions nothing can listen and [`reached`] is nothing at all. Ends
//! no process itself.

#[cfg(debug_assertions)]
static WATCH: std::sync::OnceLock<Box<dyn Fn(&'static str) + Send + Sync>> =
    std::sync::OnceLock::new();

/// Calls `watch` with the name of every step from now on; only the first caller is heard.
#[cfg(debug_assertions)]
#[doc(hidden)]
pub fn watch_steps(watch: impl Fn(&'static str) + Send + Sync + 'static) {
    let _ = WATCH.set(Box::new(watch)); // the first one stays
}

/// Tells that `step` was reached.
pub(crate) fn reached(step: &'static str) {
    #[cfg(debug_assertions)]
    if let Some(watch) = WATCH.get() {
        watch(step);
    }
    #[cfg(not(debug_assertions))]
    let _ = step;
}
