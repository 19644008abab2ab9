//! Memories: the texts that every index is derived from, how each stands, and what changed last.
//!
//! A text and where it came from ([`row`]) never change; how it stands ([`stand`]) does, in a row
//! of its own. [`ledger`] is the one way to change either: in the same batch it moves the memory to
//! a new position of the change log, to its shelf and in the counts. [`put`] remembers, [`forms`]
//! tells repeats, [`deeds`] and [`signals`] are what people do, [`places`] serves the tiers, and
//! [`upgrade`] brings a file of an earlier version up to here. Decides nothing about tiers.
//!
//! Invariant: every memory has one row in each of [`MEMORIES`], [`STANDING`] and [`CHANGES`]; the
//! row of [`CHANGES`] at the highest position is always there; only what is cold is archived.

mod actions;
mod counts;
mod deeds;
mod forms;
mod frozen;
mod ledger;
mod places;
mod port;
mod put;
mod read;
mod row;
mod signals;
mod stand;
mod upgrade;

pub(crate) use actions::{ACTIONS, BY_ID as ACTIONS_BY_ID};
pub(crate) use counts::COUNTS;
pub(crate) use deeds::{act, undo};
pub(crate) use forms::BY_FORM;
pub(crate) use places::{
    counts, find, forgotten_before, in_segment, live_by_segment, look, purge, relocate, residents,
    settle,
};
pub(crate) use put::put;
pub(crate) use row::{Body, Entry, Head, MemoryRow, Spot};
pub(crate) use signals::{MOVES, SIGNALS, SIGNALS_BY_ID, put as put_signal, touch};
pub(crate) use stand::Stand;
pub(crate) use upgrade::upgrade;

use crate::rows::Rows;

/// Key: memory sequence, 8 bytes big endian. Value: [`frozen::MemoryV3`], or what an earlier
/// version wrote.
pub(crate) const MEMORIES: Rows<MemoryRow> = Rows::new("memories.v1");

/// Key: memory id, 16 bytes. Value: memory sequence.
pub(crate) const BY_ID: Rows<u64> = Rows::new("memories_by_id.v1");

/// Key: owner, 16 bytes; memory sequence, 8 bytes big endian. Value: memory sequence.
pub(crate) const BY_OWNER: Rows<u64> = Rows::new("memories_by_owner.v1");

/// Key: memory id, 16 bytes. Value: [`stand::StandV1`].
pub(crate) const STANDING: Rows<Stand> = Rows::new("memory_standing.v1");

/// Key: position, 8 bytes big endian. Value: memory id and owner. One row a memory, its last
/// change; the row of a purged one stays, so that an index that was away learns of it.
pub(crate) const CHANGES: Rows<([u8; 16], [u8; 16])> = Rows::new("memory_changes.v1");

/// Key: shelf, 1 byte; memory sequence, 8 bytes big endian. Value: memory id.
pub(crate) const BY_SHELF: Rows<[u8; 16]> = Rows::new("memories_by_shelf.v1");

/// Key: archive segment, 8 bytes big endian; memory sequence, 8 bytes big endian. Value: memory id.
pub(crate) const BY_SEGMENT: Rows<[u8; 16]> = Rows::new("memories_by_segment.v1");

/// Most memories that one write may name, so that a batch stays short.
const MOST_AT_ONCE: usize = 10_000;
