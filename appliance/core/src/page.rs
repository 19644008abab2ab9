//! Pages: every list has a bound and a cursor. Holds no data source.

use serde::{Deserialize, Serialize};

/// Most items one page may hold, whatever the caller asks for.
pub const MAX_PAGE: usize = 100;

/// How much of a list is wanted, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Items wanted, in 1..=[`MAX_PAGE`].
    pub limit: usize,
    /// The sequence number to go on *after* in the list's own direction; `None` starts at its head.
    pub after: Option<u64>,
}

impl PageRequest {
    /// Clamps `limit` into 1..=[`MAX_PAGE`].
    #[must_use]
    pub fn new(limit: usize, after: Option<u64>) -> Self {
        Self { limit: limit.clamp(1, MAX_PAGE), after }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<u64>,
}

impl<T> Page<T> {
    /// Maps the items and keeps the cursor.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
