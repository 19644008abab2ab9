//! Rows that did not say what their keys are made of get it from the index tables that an earlier
//! version kept by hand; those tables then go, or are filled anew from the rows.

use appliance_core::{MemoryId, UserId};
use storage_rules::{
    Change as _, Draft, Entity, Key, Keyed, Places, Span, View as _,
    batch_keys::KeyRow,
    codec::{self, Place},
    memories::{
        BY_ID, BY_OWNER, BY_SEGMENT, BY_SHELF, Gone, MEMORIES, MemoryRow, Stand, counts::COUNTS,
        signals::SignalRow,
    },
    tables::pointed,
    tasks::{self, TaskRow},
    trailing_seq, view,
};

use super::left;
use crate::{
    draft::{Attempt, Tables},
    fault::Fault,
    layout,
};

/// Key: position. Value: memory id and owner; of live memories and of purged ones.
const CHANGES: &str = "memory_changes.v1";

/// Key: segment, memory sequence. Value: memory id.
const OLD_BY_SEGMENT: &str = "memories_by_segment.v1";

/// Rows read before they are written, so that a large file needs little memory.
const AT_ONCE: usize = 1_000;

/// Tables of an earlier version that nothing reads any more.
const OLD: [&str; 5] = [
    CHANGES,
    OLD_BY_SEGMENT,
    "batch_keys_by_expiry.v1",
    "memory_signals_by_id.v1",
    "memory_signal_moves.v1",
];

/// Empties the tables that are filled anew.
pub(super) fn clear(tables: &Tables<'_>) -> Result<(), Fault> {
    [BY_SHELF.name, COUNTS.name].into_iter().try_for_each(|name| tables.drop_table(name))
}

/// Takes the tables away that nothing reads any more.
pub(super) fn drop_old(tables: &Tables<'_>) -> Result<(), Fault> {
    OLD.into_iter().try_for_each(|name| tables.drop_table(name))
}

/// Gives every row what its declared keys are made of.
pub(super) fn declare(tables: &Tables<'_>, draft: &mut Draft<'_>) -> Result<(), Fault> {
    each(tables, CHANGES, |at, sealed| departed(draft, at, sealed))?;
    rows_of::<Stand>(draft, |draft, stand| {
        if stand.seq != 0 {
            return Ok(()); // it was given just now
        }
        let Some(seq) = draft.view().find(&MEMORIES, &BY_ID, &stand.id.bytes())? else {
            return Ok(()); // its memory is not there
        };
        draft.replace(None, &Stand { seq: trailing_seq(&seq), ..stand })
    })?;
    each(tables, OLD_BY_SEGMENT, |at, _| archived(tables, trailing_seq(at)))?;
    rows_of::<SignalRow>(draft, |draft, row| draft.replace(None, &row))?;
    rows_of::<KeyRow>(draft, |draft, row| draft.replace(None, &row))?;
    each(tables, tasks::BY_OWNER.name, |at, sealed| {
        let id = pointed(&tasks::TASKS, &tasks::BY_OWNER, at, sealed)?;
        let Some(mut row) = draft.get::<TaskRow>(&id)? else { return Ok(()) };
        row.seq = trailing_seq(at);
        draft.replace(Some(&row), &row)
    })
}

/// Gives rows their places under keys that have none yet: an earlier version did not declare them, or
/// their table was lost.
pub(crate) fn newly<E: Entity>(tables: &Tables<'_>, keys: &[&'static Key]) -> Result<(), Fault> {
    each(tables, E::KIND.name, |id, sealed| {
        let after = view::open::<E>(id, sealed)?.keys();
        let known = |one: &&Keyed| !keys.contains(&one.key);
        let before: Vec<Keyed> = after.iter().filter(known).cloned().collect();
        if before.len() == after.len() {
            return Ok(());
        }
        let places = Places { before: &before, after: &after };
        Attempt::for_good(tables).put(E::KIND, id, sealed, places)
    })
}

/// Keeps what the change log says of a memory that is gone.
fn departed(draft: &mut Draft<'_>, at: &[u8], sealed: &[u8]) -> Result<(), storage_rules::Fault> {
    let (id, owner): ([u8; 16], [u8; 16]) =
        codec::open(Place { table: CHANGES, key: at }, 1, sealed)?;
    if draft.has::<Stand>(&id)? {
        return Ok(());
    }
    let (id, owner) = (MemoryId::from_bytes(id), UserId::from_bytes(owner));
    draft.replace(None, &Gone { position: trailing_seq(at), id, owner })
}

/// Notes that a memory's text is in the archive: the row says where, only the keys are new.
fn archived(tables: &Tables<'_>, seq: u64) -> Result<(), storage_rules::Fault> {
    let mut attempt = Attempt::for_good(tables);
    let id = seq.to_be_bytes();
    let Some(sealed) = attempt.get(&MEMORIES, &id)? else { return Ok(()) };
    let after = view::open::<MemoryRow>(&id, &sealed)?.keys();
    let there = |one: &&Keyed| *one.key == BY_ID || *one.key == BY_OWNER;
    let before: Vec<_> = after.iter().filter(there).cloned().collect();
    debug_assert!(after.iter().any(|one| *one.key == BY_SEGMENT));
    attempt.put(&MEMORIES, &id, &sealed, Places { before: &before, after: &after })
}

/// Visits every row of a kind that is whole.
fn rows_of<E: Entity>(
    draft: &mut Draft<'_>,
    mut visit: impl FnMut(&mut Draft<'_>, E) -> Result<(), storage_rules::Fault>,
) -> Result<(), Fault> {
    let mut span = Span::all();
    loop {
        let rows = draft.view().rows(E::KIND, &span, AT_ONCE)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        span = span.beyond(last);
        for (id, sealed) in rows {
            view::open(&id, &sealed).and_then(|row| visit(draft, row)).or_else(left)?;
        }
    }
}

/// Visits every row of a table, whatever it holds.
fn each(
    tables: &Tables<'_>,
    name: &'static str,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), storage_rules::Fault>,
) -> Result<(), Fault> {
    let mut span = Span::all();
    loop {
        let rows = tables.with(name, |table| layout::stretch(table, &span, AT_ONCE))?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        span = span.beyond(last);
        for (at, sealed) in rows {
            visit(&at, &sealed).or_else(left)?;
        }
    }
}
