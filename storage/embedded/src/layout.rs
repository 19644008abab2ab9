//! How the declared keys of the rules lie in the file: one table a key, kept in step with the rows.
//!
//! A place of a unique or ordered key is a row that holds the id of the row it belongs to; a place of
//! a counted key holds how many rows have it. Each is sealed as any row, so damage is found; what is
//! damaged here is derived and never stands in the way of a write. Knows no record.

use redb::{ReadableTable, TableDefinition};
use storage_rules::{
    Counted, Fault as RuleFault, IdShape, KINDS, Key, Kind, Pointed, Rule, Span, Stored, Way,
    codec::{self, Place},
    key,
};

use crate::fault::Fault;

/// redb's view of every table.
pub(crate) type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// The version byte of what a place holds.
const VERSION: u8 = 1;

/// Returns the name of every table: of rows, and of their declared keys.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| std::iter::once(kind.name).chain(kind.keys.iter().map(|k| k.name)))
}

/// Encodes that the row `id` has `place`.
pub(crate) fn pointer(
    kind: &Kind,
    key: &'static Key,
    place: &[u8],
    id: &[u8],
) -> Result<Vec<u8>, Fault> {
    let at = Place { table: key.name, key: place };
    let sealed = match (kind.id, id) {
        (IdShape::Uuid, id) => codec::seal(at, VERSION, &fixed::<16>(id)),
        (IdShape::Digest, id) => codec::seal(at, VERSION, &fixed::<32>(id)),
        (IdShape::Number, id) => codec::seal(at, VERSION, &number(id)),
        (IdShape::Numbered, id) => codec::seal(at, VERSION, &(fixed::<16>(id), number(id))),
        (IdShape::Bytes, id) => codec::seal(at, VERSION, &id),
    };
    Ok(sealed.map_err(RuleFault::from)?)
}

/// Decodes which row has `place`.
pub(crate) fn pointed(
    kind: &Kind,
    from: &'static Key,
    place: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, RuleFault> {
    let at = Place { table: from.name, key: place };
    Ok(match kind.id {
        IdShape::Uuid => codec::open::<[u8; 16]>(at, VERSION, sealed)?.to_vec(),
        IdShape::Digest => codec::open::<[u8; 32]>(at, VERSION, sealed)?.to_vec(),
        IdShape::Number => codec::open::<u64>(at, VERSION, sealed)?.to_be_bytes().to_vec(),
        IdShape::Numbered => {
            let (of, number) = codec::open::<([u8; 16], u64)>(at, VERSION, sealed)?;
            key(&[of.as_slice(), &number.to_be_bytes()])
        }
        IdShape::Bytes => codec::open(at, VERSION, sealed)?,
    })
}

/// Encodes how many rows have `place`.
pub(crate) fn count(key: &'static Key, place: &[u8], count: u64) -> Result<Vec<u8>, Fault> {
    let at = Place { table: key.name, key: place };
    Ok(codec::seal(at, VERSION, &count).map_err(RuleFault::from)?)
}

/// Decodes how many rows have `place`.
pub(crate) fn counted(key: &'static Key, place: &[u8], sealed: &[u8]) -> Result<u64, RuleFault> {
    Ok(codec::open(Place { table: key.name, key: place }, VERSION, sealed)?)
}

/// Reads up to `most` rows of a table within `span`.
pub(crate) fn stretch(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    span: &Span,
    most: usize,
) -> Result<Vec<Stored>, Fault> {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    if span.is_empty() {
        return Ok(Vec::new());
    }
    let high = span.high.as_deref().map_or(Unbounded, Excluded);
    let range = table.range::<&[u8]>((Included(span.low.as_slice()), high))?;
    let own = |row: Result<(redb::AccessGuard<'_, _>, redb::AccessGuard<'_, _>), _>| {
        let (at, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>) = row?;
        Ok((at.value().to_vec(), value.value().to_vec()))
    };
    match span.way {
        Way::Up => range.take(most).map(own).collect(),
        Way::Down => range.rev().take(most).map(own).collect(),
    }
}

/// Decodes a stretch of places.
pub(crate) fn all_pointed(kind: &Kind, key: &'static Key, rows: Vec<Stored>) -> Vec<Pointed> {
    let open = |(place, sealed): Stored| {
        let id = pointed(kind, key, &place, &sealed);
        (place, id)
    };
    rows.into_iter().map(open).collect()
}

/// Decodes a stretch of counts.
pub(crate) fn all_counted(key: &'static Key, rows: Vec<Stored>) -> Vec<Counted> {
    let open = |(place, sealed): Stored| {
        let count = counted(key, &place, &sealed);
        (place, count)
    };
    rows.into_iter().map(open).collect()
}

/// Tells whether `key` counts and does not point.
pub(crate) const fn counts(key: &Key) -> bool {
    matches!(key.rule, Rule::Counted)
}

fn fixed<const N: usize>(id: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let len = N.min(id.len());
    out[..len].copy_from_slice(&id[..len]);
    out
}

fn number(id: &[u8]) -> u64 {
    storage_rules::trailing_seq(id)
}
