//! The one way memories change: their rows together with everything that is kept in step with them.
//!
//! What follows a memory's standing is moved by [`restand`]: the change log, its shelf, the counts,
//! the form it holds. What follows its text is moved by [`lay`]: the index by segment. Checks no
//! rights: callers have looked at the owner.

use appliance_core::MemoryId;

use super::{
    BY_ID, BY_OWNER, BY_SEGMENT, BY_SHELF, Body, CHANGES, Entry, Head, MEMORIES, MemoryRow,
    STANDING, Stand, counts, forms, stand::Shelf,
};
use crate::{draft::Draft, fault::Fault, records::counters::next, rows::key};

/// Returns a memory as this batch sees it, forgotten or not.
pub(crate) fn look(draft: &mut Draft<'_, '_>, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let Some(seq) = draft.get(&BY_ID, &id.bytes())? else { return Ok(None) };
    let row = draft.follow(&MEMORIES, &seq.to_be_bytes(), BY_ID.name)?;
    let stand = draft.follow(&STANDING, &id.bytes(), MEMORIES.name)?;
    Ok(Some(Entry { row, stand }))
}

/// Returns how a memory stands as this batch sees it.
pub(super) fn look_at_stand(
    draft: &mut Draft<'_, '_>,
    id: MemoryId,
) -> Result<Option<Stand>, Fault> {
    draft.get(&STANDING, &id.bytes())
}

/// Puts a memory in that was not there.
pub(super) fn enter(
    draft: &mut Draft<'_, '_>,
    row: &MemoryRow,
    stand: &Stand,
) -> Result<(), Fault> {
    let (head, seq) = (&row.head, row.head.seq);
    draft.put(&BY_ID, &head.id.bytes(), &seq)?;
    draft.put(&BY_OWNER, &key(&[&head.owner.bytes(), &seq.to_be_bytes()]), &seq)?;
    lay(draft, None, row)?;
    stand_at(draft, head, None, stand)
}

/// Gives a memory whose row is there already its standing, at the position that it says.
pub(super) fn adopt(draft: &mut Draft<'_, '_>, head: &Head, stand: &Stand) -> Result<(), Fault> {
    stand_at(draft, head, None, stand)
}

/// Stores how a memory stands now, at a new position.
pub(super) fn restand(
    draft: &mut Draft<'_, '_>,
    head: &Head,
    before: &Stand,
    after: Stand,
) -> Result<(), Fault> {
    let position = next(&mut draft.counters.memory);
    stand_at(draft, head, Some(before), &Stand { position, ..after })
}

/// Stores, at a new position, how a memory stands now that neither changed its shelf nor whether it
/// is current: how useful it is, how often it was used.
pub(super) fn note(
    draft: &mut Draft<'_, '_>,
    id: MemoryId,
    before: &Stand,
    after: Stand,
) -> Result<(), Fault> {
    let position = next(&mut draft.counters.memory);
    log(draft, id, Some(before), &Stand { position, ..after })
}

/// Stores a memory's row, and notes where its text is now and was before.
pub(super) fn lay(
    draft: &mut Draft<'_, '_>,
    before: Option<&Body>,
    row: &MemoryRow,
) -> Result<(), Fault> {
    let seq = row.head.seq;
    if let Some(Body::Archived(spot)) = before {
        draft.delete(&BY_SEGMENT, &in_segment(spot.segment, seq));
        counts::less_in(draft, spot.segment)?;
    }
    if let Body::Archived(spot) = &row.body {
        draft.put(&BY_SEGMENT, &in_segment(spot.segment, seq), &row.head.id.bytes())?;
        counts::more_in(draft, spot.segment)?;
    }
    draft.put(&MEMORIES, &seq.to_be_bytes(), row)
}

/// Takes a memory out for good; its place in the change log stays and says that it is gone.
pub(super) fn leave(draft: &mut Draft<'_, '_>, entry: Entry) -> Result<(), Fault> {
    let Entry { row: MemoryRow { head, body }, stand } = entry;
    let (id, seq) = (head.id.bytes(), head.seq.to_be_bytes());
    if let Body::Archived(spot) = body {
        draft.delete(&BY_SEGMENT, &in_segment(spot.segment, head.seq));
        counts::less_in(draft, spot.segment)?;
    }
    forms::release(draft, &head)?;
    off(draft, &head, stand.shelf())?;
    draft.delete(&STANDING, &id);
    draft.delete(&BY_ID, &id);
    draft.delete(&BY_OWNER, &key(&[&head.owner.bytes(), &seq]));
    draft.delete(&MEMORIES, &seq);
    draft.delete(&CHANGES, &stand.position.to_be_bytes());
    let position = next(&mut draft.counters.memory);
    draft.put(&CHANGES, &position.to_be_bytes(), &(id, head.owner.bytes()))
}

fn stand_at(
    draft: &mut Draft<'_, '_>,
    head: &Head,
    before: Option<&Stand>,
    after: &Stand,
) -> Result<(), Fault> {
    let (from, to) = (before.map(Stand::shelf), after.shelf());
    if from != Some(to) {
        if let Some(from) = from {
            off(draft, head, from)?;
        }
        draft.put(&BY_SHELF, &on_shelf(to, head.seq), &head.id.bytes())?;
        counts::more(draft, head.owner, to)?;
    }
    if after.is_current() {
        forms::claim(draft, head)?;
    } else {
        forms::release(draft, head)?;
    }
    log(draft, head.id, before, after)
}

fn log(
    draft: &mut Draft<'_, '_>,
    id: MemoryId,
    before: Option<&Stand>,
    after: &Stand,
) -> Result<(), Fault> {
    if let Some(before) = before {
        draft.delete(&CHANGES, &before.position.to_be_bytes());
    }
    let at = after.position.to_be_bytes();
    draft.put(&CHANGES, &at, &(id.bytes(), after.owner.bytes()))?;
    draft.put(&STANDING, &id.bytes(), after)
}

fn off(draft: &mut Draft<'_, '_>, head: &Head, shelf: Shelf) -> Result<(), Fault> {
    draft.delete(&BY_SHELF, &on_shelf(shelf, head.seq));
    counts::less(draft, head.owner, shelf)
}

fn on_shelf(shelf: Shelf, seq: u64) -> Vec<u8> {
    key(&[&[shelf.code()], &seq.to_be_bytes()])
}

fn in_segment(segment: u64, seq: u64) -> Vec<u8> {
    key(&[&segment.to_be_bytes(), &seq.to_be_bytes()])
}
