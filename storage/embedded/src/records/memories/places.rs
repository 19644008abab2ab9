//! What the tiers are built on: who is where, and moving a memory or its text. Decides nothing.

use appliance_core::{MemoryId, MemoryTier, Timestamp, ports::Resident};

use super::{
    BY_SEGMENT, BY_SHELF, Body, Entry, MemoryRow, STANDING, Spot, Stand, ledger, stand::Shelf,
};
pub(crate) use super::{
    counts::{counts, live_by_segment},
    ledger::look,
    read::find,
};
use crate::{draft::Draft, fault::Fault, rows::trailing_seq, snapshot::Snapshot};

/// Returns up to `limit` memories of `tier` after `place` in the order of arrival, forgotten ones
/// not. Reads no text.
pub(crate) fn residents(
    file: &Snapshot,
    tier: MemoryTier,
    place: u64,
    limit: usize,
) -> Result<Vec<Resident>, Fault> {
    let mut found = Vec::new();
    walk(file, Shelf::Tier(tier, None), place, |place, id, stand| {
        if found.len() < limit {
            found.push(resident(place, id, &stand));
        }
        found.len() < limit
    })?;
    Ok(found)
}

/// Returns up to `limit` memories that were forgotten before `before`, in the order of arrival.
pub(crate) fn forgotten_before(
    file: &Snapshot,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<MemoryId>, Fault> {
    let mut found = Vec::new();
    walk(file, Shelf::Forgotten, 0, |_, id, stand| {
        if found.len() < limit && stand.standing.forgotten_at.is_some_and(|at| at < before) {
            found.push(id);
        }
        found.len() < limit
    })?;
    Ok(found)
}

/// Returns up to `limit` memories whose text is in `segment`, with their place in the order of
/// arrival, after `after`; forgotten ones too.
pub(crate) fn in_segment(
    file: &Snapshot,
    segment: u64,
    limit: usize,
    after: u64,
) -> Result<Vec<(u64, MemoryId)>, Fault> {
    let mut found = Vec::new();
    file.ascend(&BY_SEGMENT, &segment.to_be_bytes(), after, |at, id| {
        if found.len() < limit {
            found.push((trailing_seq(at), MemoryId::from_bytes(id)));
        }
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

/// Moves a memory to `tier`, with its text in `body` where that is given, under a new position.
/// Only what is archived is cold: where the text and `tier` disagree, the text decides.
pub(crate) fn settle(
    draft: &mut Draft<'_, '_>,
    entry: Entry,
    tier: MemoryTier,
    body: Option<Body>,
    at: Timestamp,
) -> Result<(), Fault> {
    let Entry { row: MemoryRow { head, body: before }, stand } = entry;
    let row = MemoryRow { head, body: body.unwrap_or_else(|| before.clone()) };
    let tier = match (&row.body, tier) {
        (Body::Archived(_), _) => MemoryTier::Cold,
        (Body::Here(_), MemoryTier::Cold) => MemoryTier::Warm,
        (Body::Here(_), tier) => tier,
    };
    if row.body != before {
        ledger::lay(draft, Some(&before), &row)?;
    }
    let mut after = stand.clone();
    after.tier = tier;
    after.standing.tier_since = at;
    ledger::restand(draft, &row.head, &stand, after)
}

/// Notes that an archived text is in another place now; nothing else changes.
pub(crate) fn relocate(draft: &mut Draft<'_, '_>, entry: Entry, to: Spot) -> Result<(), Fault> {
    let MemoryRow { head, body } = entry.row;
    ledger::lay(draft, Some(&body), &MemoryRow { head, body: Body::Archived(to) })
}

/// Takes a memory out for good; the change log keeps that it is gone.
pub(crate) fn purge(draft: &mut Draft<'_, '_>, entry: Entry) -> Result<(), Fault> {
    ledger::leave(draft, entry)
}

/// Visits what stands on `shelf` after `place`, until `visit` returns false.
fn walk(
    file: &Snapshot,
    shelf: Shelf,
    place: u64,
    mut visit: impl FnMut(u64, MemoryId, Stand) -> bool,
) -> Result<(), Fault> {
    file.ascend(&BY_SHELF, &[shelf.code()], place, |at, id| {
        let stand = file.follow(&STANDING, &id, BY_SHELF.name)?;
        Ok(visit(trailing_seq(at), MemoryId::from_bytes(id), stand))
    })
}

fn resident(place: u64, id: MemoryId, stand: &Stand) -> Resident {
    Resident {
        id,
        owner: stand.owner,
        agent: stand.agent,
        tier_since: stand.standing.tier_since,
        last_access: stand.standing.last_access,
        utility: stand.standing.utility,
        pinned: stand.standing.pinned,
        place,
    }
}
