//! Typed tables over redb's bytes: which table, which key, which frozen struct.
//!
//! Every table maps bytes to a sealed value. Keys are made of fixed parts in big endian, so that
//! byte order is the order a list wants. Reads and writes nothing itself: see [`crate::snapshot`]
//! and [`crate::draft`].

use std::marker::PhantomData;

use redb::TableDefinition;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    codec::{self, Place},
    fault::Fault,
    records::codes::UnknownCode,
};

/// What is stored in rows: a value with a frozen form.
pub(crate) trait Record: Sized {
    /// The frozen struct that bincode sees. It never changes; a change is a new one.
    type Frozen: Serialize + DeserializeOwned;
    /// The version byte of that struct.
    const VERSION: u8 = 1;

    /// Returns the frozen form.
    fn freeze(&self) -> Self::Frozen;

    /// Rebuilds the value.
    fn thaw(frozen: Self::Frozen) -> Result<Self, UnknownCode>;

    /// Rebuilds a value that an earlier version of this program wrote; `None` for a version byte
    /// that no earlier version had.
    fn thaw_older(_place: Place<'_>, _sealed: &[u8]) -> Option<Result<Self, Fault>> {
        None
    }
}

/// One table and the record its rows hold.
pub(crate) struct Rows<R> {
    /// The table's name, with the version of its key layout.
    pub name: &'static str,
    row: PhantomData<fn() -> R>,
}

/// redb's view of every table.
pub(crate) type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

impl<R: Record> Rows<R> {
    /// Names a table.
    pub const fn new(name: &'static str) -> Self {
        Self { name, row: PhantomData }
    }

    /// Returns redb's definition.
    pub const fn raw(&self) -> Raw {
        TableDefinition::new(self.name)
    }

    /// Encodes a row.
    pub fn seal(&self, key: &[u8], record: &R) -> Result<Vec<u8>, Fault> {
        Ok(codec::seal(Place { table: self.name, key }, R::VERSION, &record.freeze())?)
    }

    /// Checks and decodes a row.
    pub fn open(&self, key: &[u8], sealed: &[u8]) -> Result<R, Fault> {
        let place = Place { table: self.name, key };
        if sealed.first().is_some_and(|version| *version < R::VERSION)
            && let Some(older) = R::thaw_older(place, sealed)
        {
            return older;
        }
        Ok(R::thaw(codec::open(place, R::VERSION, sealed)?)?)
    }

    /// Builds the fault of an index row that points to nothing.
    pub fn dangling(&self, key: &[u8]) -> Fault {
        codec::SealBroken::Dangling { table: self.name, key: codec::hex(key) }.into()
    }
}

/// Joins the parts of a key.
pub(crate) fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Returns the sequence that a key ends in.
pub(crate) fn trailing_seq(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

macro_rules! stored_as_is {
    ($($type:ty),+) => { $(
        impl Record for $type {
            type Frozen = Self;

            fn freeze(&self) -> Self {
                self.clone()
            }

            fn thaw(frozen: Self) -> Result<Self, UnknownCode> {
                Ok(frozen)
            }
        }
    )+ };
}

// What index rows hold: an id, a hash, a sequence, a key's name, two of them, or nothing.
stored_as_is!(
    (),
    bool,
    u32,
    u64,
    String,
    [u8; 16],
    [u8; 32],
    ([u8; 16], u64),
    ([u8; 16], [u8; 16])
);
