//! The stored rows as an adapter shows them: object-safe, synchronous, bytes in and out. Knows no
//! entity: [`Read`](crate::view::Read) is the same for typed rows.

use appliance_core::{MemoryId, ports::Damaged};

use crate::{
    Fault,
    entity::{Key, Kind, key},
};

/// One consistent view of everything that was committed when it was taken, and of what a change in
/// progress has done so far.
///
/// An adapter MUST answer from one moment, and keep the places of declared keys in step with the
/// rows. A list MUST be in byte order.
pub trait View {
    /// Returns the row under `id`.
    ///
    /// # Errors
    /// [`Fault::Medium`]; so for all methods here.
    fn get(&self, kind: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Returns up to `most` rows within `span`, with their ids.
    fn rows(&self, kind: &'static Kind, span: &Span, most: usize) -> Result<Vec<Stored>, Fault>;

    /// Returns the id of the row at `place` under a unique key.
    ///
    /// # Errors
    /// [`Fault::Sealed`] when what points to it is damaged.
    fn find(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault>;

    /// Returns up to `most` places within `span` of an ordered or unique key, each with the id of
    /// its row, or what is damaged there.
    fn places(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Pointed>, Fault>;

    /// Returns the places of a counted key that begin with `prefix` and how many rows have each, or
    /// what is damaged there.
    fn counts(&self, key: &'static Key, prefix: &[u8]) -> Result<Vec<Counted>, Fault>;

    /// Notes that a row was left out because it cannot be read.
    fn note(&self, _damaged: Damaged) {}

    /// Returns the archived text of `memory`, if it can be read; none where there is no archive.
    fn bring(&self, _memory: MemoryId) -> Option<String> {
        None
    }

    /// Tells whether the archived text of `memory` can be read now; reads it.
    fn can_bring(&self, _memory: MemoryId) -> bool {
        true
    }
}

/// The id of a row, and the row.
pub type Stored = (Vec<u8>, Vec<u8>);

/// A place of an ordered key, and the id of its row or the damage there.
pub type Pointed = (Vec<u8>, Result<Vec<u8>, Fault>);

/// A place of a counted key, and how many rows have it or the damage there.
pub type Counted = (Vec<u8>, Result<u64, Fault>);

/// A stretch of ids or places, and the way through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first that is in it.
    pub low: Vec<u8>,
    /// The first that is not in it any more; none for the end of the table.
    pub high: Option<Vec<u8>>,
    /// The way.
    pub way: Way,
}

/// The way through a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the lowest up.
    Up,
    /// From the highest down.
    Down,
}

impl Span {
    /// Returns everything, from the lowest up.
    #[must_use]
    pub const fn all() -> Self {
        Self { low: Vec::new(), high: None, way: Way::Up }
    }

    /// Returns what begins with `prefix`, from the lowest up.
    #[must_use]
    pub fn of(prefix: &[u8]) -> Self {
        Self { low: prefix.to_vec(), high: end_of(prefix), way: Way::Up }
    }

    /// Returns what begins with `prefix` and goes on with `from` or more, from the lowest up.
    #[must_use]
    pub fn from(prefix: &[u8], from: &[u8]) -> Self {
        Self { low: key(&[prefix, from]), ..Self::of(prefix) }
    }

    /// Returns what begins with `prefix` and goes on with a number above `after`, from the lowest
    /// up.
    #[must_use]
    pub fn after(prefix: &[u8], after: u64) -> Self {
        match after.checked_add(1) {
            Some(first) => Self::from(prefix, &first.to_be_bytes()),
            None => Self { low: Vec::new(), high: Some(Vec::new()), way: Way::Up },
        }
    }

    /// Returns what begins with `prefix` and goes on with a number below `before`, from the highest
    /// down; all of it for none.
    #[must_use]
    pub fn newest(prefix: &[u8], before: Option<u64>) -> Self {
        let high = match before {
            Some(before) => Some(key(&[prefix, &before.to_be_bytes()])),
            None => end_of(prefix),
        };
        Self { low: prefix.to_vec(), high, way: Way::Down }
    }

    /// Tells whether a place is in it, and further on the way than `before`.
    #[must_use]
    pub fn goes_on(&self, before: Option<&[u8]>, place: &[u8]) -> bool {
        let holds =
            place >= self.low.as_slice() && self.high.as_deref().is_none_or(|end| place < end);
        holds
            && before.is_none_or(|before| match self.way {
                Way::Up => place > before,
                Way::Down => place < before,
            })
    }

    /// Returns what is left of it once `last` was visited.
    #[must_use]
    pub fn beyond(&self, last: &[u8]) -> Self {
        match self.way {
            Way::Up => Self { low: key(&[last, &[0]]), ..self.clone() },
            Way::Down => Self { high: Some(last.to_vec()), ..self.clone() },
        }
    }

    /// Tells whether nothing can be in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.high.as_ref().is_some_and(|high| *high <= self.low)
    }
}

/// Returns the first bytes that sort after everything with `prefix`.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
