//! Which of the four collections a memory is in: the kind of a memory decides, and a change of kind
//! moves its point. Numbers the collections; asks the server nothing.

use appliance_core::Collection;

/// One value for each of the four, in the order of [`Collection::ALL`].
pub(crate) type Four<T> = [T; 4];

/// Returns a collection's number.
pub(crate) fn number(collection: Collection) -> usize {
    Collection::ALL.iter().position(|it| *it == collection).unwrap_or(0)
}

/// Sorts items by their collection.
pub(crate) fn sorted<T>(items: Vec<T>, of: impl Fn(&T) -> Collection) -> Four<Vec<T>> {
    let mut sorted: Four<Vec<T>> = Default::default();
    for item in items {
        sorted[number(of(&item))].push(item);
    }
    sorted
}
