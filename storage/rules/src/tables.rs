//! Stores whose medium knows tables of bytes and nothing more: how declared keys lie in them.
//!
//! One table a kind and one a key. A place of a unique or ordered key is a row that holds the id of the
//! row it belongs to; a place of a counted key holds how many rows have it. Each is sealed as any row,
//! so damage is found; what is damaged here is derived and never stands in the way of a write. A medium
//! implements [`TableView`] and [`TableChange`] and is a [`View`] and a [`Change`] by that; one with
//! indexes of its own implements those themselves. Takes nothing back.

use appliance_core::{MemoryId, ports::Damaged};

use crate::{
    Change, Counted, Fault, IdShape, KINDS, Key, Keyed, Kind, Places, Pointed, Rule, Span, Stored,
    View,
    codec::{self, Place},
    key, trailing_seq,
};

/// The version byte of what a place holds.
const VERSION: u8 = 1;

/// Tables of bytes, as of one moment.
pub trait TableView {
    /// Returns what lies at `at`.
    ///
    /// # Errors
    /// [`Fault::Medium`]; so for all methods here.
    fn value(&self, table: &'static str, at: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Returns up to `most` of what lies within `span`, in byte order.
    fn values(&self, table: &'static str, span: &Span, most: usize) -> Result<Vec<Stored>, Fault>;

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

/// Tables of bytes that are being changed.
pub trait TableChange: TableView {
    /// Lays `to` at `at`, or takes away what is there.
    ///
    /// # Errors
    /// [`Fault::Medium`].
    fn set(&mut self, table: &'static str, at: &[u8], to: Option<&[u8]>) -> Result<(), Fault>;
}

/// Returns the name of every table: of rows, and of their declared keys.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| std::iter::once(kind.name).chain(kind.keys.iter().map(|k| k.name)))
}

/// Decodes which row has `place`.
///
/// # Errors
/// [`Fault::Sealed`] when it is damaged.
pub fn pointed(
    kind: &Kind,
    from: &'static Key,
    place: &[u8],
    lies: &[u8],
) -> Result<Vec<u8>, Fault> {
    let at = Place { table: from.name, key: place };
    Ok(match kind.id {
        IdShape::Uuid => codec::open::<[u8; 16]>(at, VERSION, lies)?.to_vec(),
        IdShape::Digest => codec::open::<[u8; 32]>(at, VERSION, lies)?.to_vec(),
        IdShape::Number => codec::open::<u64>(at, VERSION, lies)?.to_be_bytes().to_vec(),
        IdShape::Numbered => {
            let (of, number) = codec::open::<([u8; 16], u64)>(at, VERSION, lies)?;
            key(&[of.as_slice(), &number.to_be_bytes()])
        }
        IdShape::Bytes => codec::open(at, VERSION, lies)?,
    })
}

impl<T: TableView> View for T {
    fn get(&self, kind: &'static Kind, id: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.value(kind.name, id)
    }

    fn rows(&self, kind: &'static Kind, span: &Span, most: usize) -> Result<Vec<Stored>, Fault> {
        self.values(kind.name, span, most)
    }

    fn find(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
    ) -> Result<Option<Vec<u8>>, Fault> {
        let lies = self.value(key.name, place)?;
        lies.map(|lies| pointed(kind, key, place, &lies)).transpose()
    }

    fn places(
        &self,
        kind: &'static Kind,
        key: &'static Key,
        span: &Span,
        most: usize,
    ) -> Result<Vec<Pointed>, Fault> {
        let open = |(place, lies): Stored| {
            let id = pointed(kind, key, &place, &lies);
            (place, id)
        };
        Ok(self.values(key.name, span, most)?.into_iter().map(open).collect())
    }

    fn counts(&self, key: &'static Key, prefix: &[u8]) -> Result<Vec<Counted>, Fault> {
        let open = |(place, lies): Stored| {
            let count = counted(key, &place, &lies);
            (place, count)
        };
        Ok(self.values(key.name, &Span::of(prefix), usize::MAX)?.into_iter().map(open).collect())
    }

    fn note(&self, damaged: Damaged) {
        TableView::note(self, damaged);
    }

    fn bring(&self, memory: MemoryId) -> Option<String> {
        TableView::bring(self, memory)
    }

    fn can_bring(&self, memory: MemoryId) -> bool {
        TableView::can_bring(self, memory)
    }
}

impl<T: TableChange> Change for T {
    fn put(
        &mut self,
        kind: &'static Kind,
        id: &[u8],
        row: &[u8],
        keys: Places<'_>,
    ) -> Result<(), Fault> {
        keys.left().try_for_each(|left| leave(self, left))?;
        keys.taken().try_for_each(|new| come(self, kind, id, new))?;
        self.set(kind.name, id, Some(row))
    }

    fn delete(&mut self, kind: &'static Kind, id: &[u8], had: &[Keyed]) -> Result<(), Fault> {
        had.iter().try_for_each(|left| leave(self, left))?;
        self.set(kind.name, id, None)
    }

    fn set_place(
        &mut self,
        kind: &'static Kind,
        key: &'static Key,
        place: &[u8],
        id: Option<&[u8]>,
    ) -> Result<(), Fault> {
        let lies = id.map(|id| pointer(kind, key, place, id)).transpose()?;
        self.set(key.name, place, lies.as_deref())
    }

    fn set_count(&mut self, key: &'static Key, place: &[u8], count: u64) -> Result<(), Fault> {
        let at = Place { table: key.name, key: place };
        let lies = (count > 0).then(|| codec::seal(at, VERSION, &count)).transpose()?;
        self.set(key.name, place, lies.as_deref())
    }
}

fn leave(tables: &mut impl TableChange, Keyed { key, place }: &Keyed) -> Result<(), Fault> {
    match key.rule {
        Rule::Counted => tally(tables, key, place, -1),
        Rule::Unique | Rule::Ordered => tables.set(key.name, place, None),
    }
}

fn come(
    tables: &mut impl TableChange,
    kind: &'static Kind,
    id: &[u8],
    Keyed { key, place }: &Keyed,
) -> Result<(), Fault> {
    match key.rule {
        Rule::Counted => return tally(tables, key, place, 1),
        Rule::Unique => match tables.find(kind, key, place) {
            Ok(Some(holder)) if holder != id => return Err(Fault::Taken { key: key.name }),
            // One that cannot be read is derived, and written anew.
            Err(fault) if !fault.is_of_one_row() => return Err(fault),
            _ => {}
        },
        Rule::Ordered => {}
    }
    tables.set_place(kind, key, place, Some(id))
}

/// Counts one more or less; a count that cannot be read stays as it is until it is mended.
fn tally(
    tables: &mut impl TableChange,
    key: &'static Key,
    place: &[u8],
    step: i64,
) -> Result<(), Fault> {
    let now = match tables.value(key.name, place)?.map(|lies| counted(key, place, &lies)) {
        Some(Ok(count)) => count,
        Some(Err(_)) => return Ok(()),
        None => 0,
    };
    tables.set_count(key, place, now.saturating_add_signed(step))
}

/// Encodes that the row `id` has `place`.
fn pointer(kind: &Kind, key: &'static Key, place: &[u8], id: &[u8]) -> Result<Vec<u8>, Fault> {
    let at = Place { table: key.name, key: place };
    Ok(match kind.id {
        IdShape::Uuid => codec::seal(at, VERSION, &fixed::<16>(id)),
        IdShape::Digest => codec::seal(at, VERSION, &fixed::<32>(id)),
        IdShape::Number => codec::seal(at, VERSION, &trailing_seq(id)),
        IdShape::Numbered => codec::seal(at, VERSION, &(fixed::<16>(id), trailing_seq(id))),
        IdShape::Bytes => codec::seal(at, VERSION, &id),
    }?)
}

/// Decodes how many rows have `place`.
fn counted(key: &'static Key, place: &[u8], lies: &[u8]) -> Result<u64, Fault> {
    Ok(codec::open(Place { table: key.name, key: place }, VERSION, lies)?)
}

fn fixed<const N: usize>(id: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let len = N.min(id.len());
    out[..len].copy_from_slice(&id[..len]);
    out
}
