//! What is stored, said once: a row's frozen form, its id, and the keys by which it is found.
//!
//! An adapter reads the declarations and keeps the keys by itself: redb as index rows, SQL as
//! columns with indexes and constraints. Ids and places are bytes in big endian, so that byte order
//! is the order a list wants. Reads and writes nothing: see [`crate::view`] and [`crate::Draft`].

use serde::{Serialize, de::DeserializeOwned};

use crate::{Fault, codec::Place, codes::UnknownCode};

/// A table: its name, with the version of its ids' layout, and the keys declared over its rows.
#[derive(Debug)]
pub struct Kind {
    /// The table's name.
    pub name: &'static str,
    /// What its ids are made of.
    pub id: IdShape,
    /// The keys that its rows declare.
    pub keys: &'static [&'static Key],
}

/// What the ids of a kind are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdShape {
    /// A UUID: 16 bytes.
    Uuid,
    /// A SHA-256: 32 bytes.
    Digest,
    /// A number: 8 bytes big endian.
    Number,
    /// A UUID, and a number below it: 24 bytes.
    Numbered,
    /// Anything else.
    Bytes,
}

/// A key that rows declare beside their id.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name: of the index's table or column.
    pub name: &'static str,
    /// What it is for.
    pub rule: Rule,
}

/// What a declared key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One row at most has a place: rows are found by it.
    Unique,
    /// Rows are walked in its order; a place ends in what tells rows apart.
    Ordered,
    /// Rows with the same place are counted.
    Counted,
}

/// The place that a row has under one of its declared keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: &'static Key,
    /// The place.
    pub place: Vec<u8>,
}

impl Key {
    /// Declares a key.
    pub const fn new(name: &'static str, rule: Rule) -> Self {
        Self { name, rule }
    }

    /// Puts a row at a place.
    pub fn at(&'static self, parts: &[&[u8]]) -> Keyed {
        Keyed { key: self, place: key(parts) }
    }
}

/// What is stored in rows: a value with a frozen form, an id and declared keys.
pub trait Entity: Sized {
    /// The frozen struct that bincode sees. It never changes; a change is a new one.
    type Frozen: Serialize + DeserializeOwned;
    /// Where its rows are.
    const KIND: &'static Kind;
    /// The version byte of the frozen struct.
    const VERSION: u8 = 1;

    /// Returns the frozen form.
    fn freeze(&self) -> Self::Frozen;

    /// Rebuilds the value that is stored under `id`.
    ///
    /// # Errors
    /// A number of a closed set that this program does not know.
    fn thaw(id: &[u8], frozen: Self::Frozen) -> Result<Self, UnknownCode>;

    /// Rebuilds a value that an earlier version of this program wrote; `None` for a version byte
    /// that no earlier version had.
    fn thaw_older(_place: Place<'_>, _sealed: &[u8]) -> Option<Result<Self, Fault>> {
        None
    }

    /// Returns the id of its row.
    fn id(&self) -> Vec<u8>;

    /// Returns its places under the declared keys; a key that it has no place under is left out.
    fn keys(&self) -> Vec<Keyed> {
        Vec::new()
    }
}

/// Joins the parts of an id or a place.
#[must_use]
pub fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Returns the number that an id or a place ends in.
#[must_use]
pub fn trailing_seq(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Returns a moment so that bytes sort as moments do; before 1970 there is one place.
pub(crate) fn micros(moment: appliance_core::Timestamp) -> [u8; 8] {
    u64::try_from(moment.unix_micros()).unwrap_or(0).to_be_bytes()
}
