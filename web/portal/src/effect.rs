//! Effects that end with the component they belong to.

use leptos::prelude::*;

/// Runs `run` now and whenever what it reads has changed, and not once more when the component is
/// gone: a change that was told just before then would find nothing but disposed values.
pub fn effect<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
    let here = StoredValue::new(());
    Effect::new(move |before: Option<Option<T>>| {
        here.try_get_value().map(|()| run(before.flatten()))
    });
}
