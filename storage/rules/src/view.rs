//! Reading what is stored, whatever stores it: by id, by a declared key, and in an order.
//!
//! [`View`] is what an adapter implements: object-safe, synchronous, bytes in and out. [`Read`] is
//! the same for typed rows, on top of any view. Changes nothing.

use appliance_core::{MemoryId, ports::Damaged};

use crate::{
    Fault,
    codec::{self, Broken, Place, SealBroken},
    codes::UnknownCode,
    damage,
    entity::{Entity, Key, Kind, key},
    walk::{Order, Walk},
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

/// Typed reading on any view.
pub trait Read: View {
    /// Returns the row under `id`.
    ///
    /// # Errors
    /// A damaged row, or the adapter's failure; so for all methods here.
    fn row<E: Entity>(&self, id: &[u8]) -> Result<Option<E>, Fault> {
        let sealed = self.get(E::KIND, id)?;
        sealed.map(|sealed| open(id, &sealed)).transpose()
    }

    /// Tells whether there is a row under `id`, without opening it.
    fn has<E: Entity>(&self, id: &[u8]) -> Result<bool, Fault> {
        Ok(self.get(E::KIND, id)?.is_some())
    }

    /// Returns the row at `place` under a unique key.
    fn by<E: Entity>(&self, key: &'static Key, place: &[u8]) -> Result<Option<E>, Fault> {
        let Some(id) = self.find(E::KIND, key, place)? else { return Ok(None) };
        self.follow(&id, key.name).map(Some)
    }

    /// Returns the row that something in `from` points to; its absence is damage.
    fn follow<E: Entity>(&self, id: &[u8], from: &'static str) -> Result<E, Fault> {
        self.row(id)?.ok_or_else(|| dangling(from, id))
    }

    /// Passes on what was read; what cannot be read is noted and left out.
    ///
    /// # Errors
    /// A failure of more than one row.
    fn readable<T>(
        &self,
        read: Result<T, Fault>,
        memory: Option<MemoryId>,
    ) -> Result<Option<T>, Fault> {
        let fault = match read {
            Ok(read) => return Ok(Some(read)),
            Err(fault) => fault,
        };
        let Some(damaged) = damage::name(&fault, memory) else { return Err(fault) };
        self.note(damaged);
        Ok(None)
    }

    /// Walks the rows within `span`.
    fn walk<E: Entity>(&self, span: Span) -> Walk<'_, Self, E> {
        Walk::of(self, Order::Ids, span)
    }

    /// Walks the rows in the order of a declared key, within `span`.
    fn walk_by<E: Entity>(&self, key: &'static Key, span: Span) -> Walk<'_, Self, E> {
        Walk::of(self, Order::By(key), span)
    }
}

impl<V: View + ?Sized> Read for V {}

/// Encodes a row.
pub(crate) fn seal<E: Entity>(id: &[u8], row: &E) -> Result<Vec<u8>, Fault> {
    let place = Place { table: E::KIND.name, key: id };
    Ok(codec::seal(place, E::VERSION, &row.freeze())?)
}

/// Checks and decodes a row.
///
/// # Errors
/// A damaged row, or one of a later version.
pub fn open<E: Entity>(id: &[u8], sealed: &[u8]) -> Result<E, Fault> {
    let place = Place { table: E::KIND.name, key: id };
    if sealed.first().is_some_and(|version| *version < E::VERSION)
        && let Some(older) = E::thaw_older(place, sealed)
    {
        return older;
    }
    let unknown = |code: UnknownCode| SealBroken::at(place, Broken::Body(code.to_string()));
    Ok(E::thaw(id, codec::open(place, E::VERSION, sealed)?).map_err(unknown)?)
}

/// Builds the fault of something that points to nothing.
#[must_use]
pub fn dangling(table: &'static str, id: &[u8]) -> Fault {
    SealBroken::at(Place { table, key: id }, Broken::Dangling).into()
}
