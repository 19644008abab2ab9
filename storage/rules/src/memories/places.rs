//! What the tiers are built on: who is where, and moving a memory or its text. Decides nothing.

use appliance_core::{MemoryId, MemoryTier, Timestamp, ports::Resident};

use super::{BY_SEGMENT, BY_SHELF, Body, Entry, MemoryRow, Spot, Stand, ledger, shelf::Shelf};
use crate::{
    Draft, Fault, rewrite,
    view::{Read as _, Span, View},
    walk,
};

/// Returns up to `limit` memories of `tier` after `place` in the order of arrival, forgotten ones
/// not. Reads no text.
pub fn residents(
    view: &dyn View,
    tier: MemoryTier,
    place: u64,
    limit: usize,
) -> Result<Vec<Resident>, Fault> {
    let mut found = Vec::new();
    for stand in on_shelf(view, Shelf::Tier(tier, None), place).take(limit) {
        found.push(resident(&stand?));
    }
    Ok(found)
}

/// Returns up to `limit` memories that were forgotten before `before`, in the order of arrival.
pub fn forgotten_before(
    view: &dyn View,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<MemoryId>, Fault> {
    let mut found = Vec::new();
    for stand in on_shelf(view, Shelf::Forgotten, 0) {
        let stand = stand?;
        if stand.standing.forgotten_at.is_some_and(|at| at < before) {
            found.push(stand.id);
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Returns up to `limit` memories whose text is in `segment`, with their place in the order of
/// arrival, after `after`; forgotten ones too.
pub fn in_segment(
    view: &dyn View,
    segment: u64,
    limit: usize,
    after: u64,
) -> Result<Vec<(u64, MemoryId)>, Fault> {
    let rows = view.walk_by::<MemoryRow>(&BY_SEGMENT, Span::after(&segment.to_be_bytes(), after));
    let rows = walk::readable(rows).take(limit);
    rows.map(|row| row.map(|row| (row.head.seq, row.head.id))).collect()
}

/// Moves a memory to `tier`, with its text in `body` where that is given, under a new position.
/// Only what is archived is cold: where the text and `tier` disagree, the text decides.
pub fn settle(
    draft: &mut Draft<'_>,
    entry: Entry,
    tier: MemoryTier,
    body: Option<Body>,
    at: Timestamp,
) -> Result<(), Fault> {
    let Entry { row: before, stand } = entry;
    let body = match body {
        Some(Body::Here(text)) => Body::of(draft.view(), &before.head, &text)?,
        other => other.unwrap_or(before.body.clone()),
    };
    let row = MemoryRow { head: before.head.clone(), body };
    let tier = match (&row.body, tier) {
        (Body::Archived(_), _) => MemoryTier::Cold,
        (Body::Here(_) | Body::Said(_), MemoryTier::Cold) => MemoryTier::Warm,
        (Body::Here(_) | Body::Said(_), tier) => tier,
    };
    if row != before {
        draft.replace(Some(&before), &row)?;
    }
    let mut after = stand.clone();
    after.tier = tier;
    after.standing.tier_since = at;
    ledger::restand(draft, &row.head, &stand, after)
}

/// Notes that an archived text is in another place now; nothing else changes.
pub fn relocate(draft: &mut Draft<'_>, entry: &Entry, to: Spot) -> Result<(), Fault> {
    let moved = MemoryRow { body: Body::Archived(to), ..entry.row.clone() };
    draft.replace(Some(&entry.row), &moved)
}

/// Takes a memory out for good; the change log keeps that it is gone, and the file is to be made anew.
pub fn purge(draft: &mut Draft<'_>, entry: &Entry) -> Result<(), Fault> {
    rewrite::purged(draft)?;
    ledger::leave(draft, entry)
}

/// Walks what stands on `shelf` after `place`.
fn on_shelf(
    view: &dyn View,
    shelf: Shelf,
    place: u64,
) -> impl Iterator<Item = Result<Stand, Fault>> {
    walk::readable(view.walk_by(&BY_SHELF, Span::after(&[shelf.code()], place)))
}

fn resident(stand: &Stand) -> Resident {
    Resident {
        id: stand.id,
        owner: stand.owner,
        agent: stand.agent,
        tier_since: stand.standing.tier_since,
        last_access: stand.standing.last_access,
        utility: stand.standing.utility,
        pinned: stand.standing.pinned,
        place: stand.seq,
    }
}
