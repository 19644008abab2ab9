//! The one way memories change: their rows together with everything that is kept in step with them.
//!
//! What follows from a row alone (the change log, the shelf, the counts, the index by segment) are
//! its declared keys. What is left is the form that a memory holds, and where the change log says
//! that its text changed. Checks no rights: callers have looked at the owner.

use appliance_core::{MemoryId, MemoryTier};

use super::{BY_ID, Entry, Gone, Head, MEMORIES, MemoryRow, Stand, forms};
use crate::{Draft, Fault, counters::next, view::Read as _};

/// Returns a memory as this batch sees it, forgotten or not.
pub fn look(draft: &mut Draft<'_>, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let Some(row) = draft.view().by::<MemoryRow>(&BY_ID, &id.bytes())? else { return Ok(None) };
    let stand = draft.view().follow(&id.bytes(), MEMORIES.name)?;
    Ok(Some(Entry { row, stand }))
}

/// Returns how a memory stands as this batch sees it.
pub(super) fn look_at_stand(draft: &mut Draft<'_>, id: MemoryId) -> Result<Option<Stand>, Fault> {
    draft.get(&id.bytes())
}

/// Puts a memory in that was not there.
pub(super) fn enter(draft: &mut Draft<'_>, row: &MemoryRow, stand: &Stand) -> Result<(), Fault> {
    draft.replace(None, row)?;
    adopt(draft, &row.head, stand)
}

/// Gives a memory whose row is there already its standing, at the position that it says.
pub fn adopt(draft: &mut Draft<'_>, head: &Head, stand: &Stand) -> Result<(), Fault> {
    stand_at(draft, head, None, stand)
}

/// Stores how a memory stands now, at a new position. Whether an index has to read its text again
/// follows from how it stood: what was found by nothing, or by its words alone, has to be.
pub(super) fn restand(
    draft: &mut Draft<'_>,
    head: &Head,
    before: &Stand,
    after: Stand,
) -> Result<(), Fault> {
    let position = next(&mut draft.counters.memory);
    let returns = before.is_forgotten() && !after.is_forgotten();
    let thaws = before.tier == MemoryTier::Cold && after.tier != MemoryTier::Cold;
    let text_at = if returns || thaws { position } else { before.text_at };
    stand_at(draft, head, Some(before), &Stand { position, text_at, ..after })
}

/// Stores how a memory stands now whose text is another, at a new position.
pub(super) fn restand_anew(
    draft: &mut Draft<'_>,
    head: &Head,
    before: &Stand,
    after: Stand,
) -> Result<(), Fault> {
    let position = next(&mut draft.counters.memory);
    stand_at(draft, head, Some(before), &Stand { position, text_at: position, ..after })
}

/// Stores, at a new position, how a memory stands now that neither changed its shelf nor whether it
/// is current: how useful it is, how often it was used.
pub(super) fn note(draft: &mut Draft<'_>, before: &Stand, after: Stand) -> Result<(), Fault> {
    let position = next(&mut draft.counters.memory);
    draft.replace(Some(before), &Stand { position, ..after })
}

/// Takes a memory out for good; the change log keeps that it is gone.
pub(super) fn leave(draft: &mut Draft<'_>, entry: &Entry) -> Result<(), Fault> {
    let Entry { row, stand } = entry;
    forms::release(draft, &row.head)?;
    draft.delete(stand)?;
    draft.delete(row)?;
    let position = next(&mut draft.counters.memory);
    draft.replace(None, &Gone { position, id: row.head.id, owner: row.head.owner })
}

fn stand_at(
    draft: &mut Draft<'_>,
    head: &Head,
    before: Option<&Stand>,
    after: &Stand,
) -> Result<(), Fault> {
    if after.is_current() {
        forms::claim(draft, head)?;
    } else {
        forms::release(draft, head)?;
    }
    draft.replace(before, after)
}
