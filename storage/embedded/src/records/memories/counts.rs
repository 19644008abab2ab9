//! How many memories there are: by shelf and agent, of all and of each owner, and by segment of the
//! archive. Moved with every change in its own commit, so that asking reads a few rows.

use std::collections::BTreeMap;

use appliance_core::{AgentName, MemoryTier, UserId, ports::TierCounts};

use super::stand::Shelf;
use crate::{
    draft::Draft,
    fault::Fault,
    records::codes::Code,
    rows::{Rows, key, trailing_seq},
    snapshot::Snapshot,
};

/// Key: `0`, shelf, agent, 1 byte each, for all; `1`, owner, 16 bytes, shelf, agent for one owner;
/// `2`, segment, 8 bytes big endian, for a file of the archive. Value: how many.
pub(crate) const COUNTS: Rows<u64> = Rows::new("memory_counts.v1");

const ALL: u8 = 0;
const OWNER: u8 = 1;
const SEGMENT: u8 = 2;

/// Counts one more on a shelf.
pub(super) fn more(draft: &mut Draft<'_, '_>, owner: UserId, shelf: Shelf) -> Result<(), Fault> {
    for at in places(owner, shelf) {
        raise(draft, &at)?;
    }
    Ok(())
}

/// Counts one less on a shelf.
pub(super) fn less(draft: &mut Draft<'_, '_>, owner: UserId, shelf: Shelf) -> Result<(), Fault> {
    for at in places(owner, shelf) {
        lower(draft, &at)?;
    }
    Ok(())
}

/// Counts one more text in a segment.
pub(super) fn more_in(draft: &mut Draft<'_, '_>, segment: u64) -> Result<(), Fault> {
    raise(draft, &key(&[&[SEGMENT], &segment.to_be_bytes()]))
}

/// Counts one less text in a segment.
pub(super) fn less_in(draft: &mut Draft<'_, '_>, segment: u64) -> Result<(), Fault> {
    lower(draft, &key(&[&[SEGMENT], &segment.to_be_bytes()]))
}

/// Returns how full the tiers are, of one owner or of all; knows nothing of the archive's files.
pub(crate) fn counts(file: &Snapshot, owner: Option<UserId>) -> Result<TierCounts, Fault> {
    let prefix = owner.map_or(vec![ALL], |owner| key(&[&[OWNER], &owner.bytes()]));
    let mut found = TierCounts::default();
    file.each_of(&COUNTS, &prefix, |at, count| {
        let [.., shelf, agent] = *at else { return Ok(()) };
        match shelf {
            3 => found.forgotten += count,
            _ => match MemoryTier::from_code(shelf)? {
                MemoryTier::Hot => *found.hot.entry(who(agent)?).or_default() += count,
                MemoryTier::Warm => found.warm += count,
                MemoryTier::Cold => found.cold += count,
            },
        }
        Ok(())
    })?;
    Ok(found)
}

/// Returns how many memories still have their text in each segment; one that is missing has none.
pub(crate) fn live_by_segment(file: &Snapshot) -> Result<BTreeMap<u64, u64>, Fault> {
    let mut found = BTreeMap::new();
    file.each_of(&COUNTS, &[SEGMENT], |at, count| {
        found.insert(trailing_seq(at), count);
        Ok(())
    })?;
    Ok(found)
}

fn who(agent: u8) -> Result<Option<AgentName>, Fault> {
    Ok(agent.checked_sub(1).map(AgentName::from_code).transpose()?)
}

fn places(owner: UserId, shelf: Shelf) -> [Vec<u8>; 2] {
    let end = [shelf.code(), shelf.agent()];
    [key(&[&[ALL], &end]), key(&[&[OWNER], &owner.bytes(), &end])]
}

fn raise(draft: &mut Draft<'_, '_>, at: &[u8]) -> Result<(), Fault> {
    let count = draft.get(&COUNTS, at)?.unwrap_or_default();
    draft.put(&COUNTS, at, &(count + 1))
}

fn lower(draft: &mut Draft<'_, '_>, at: &[u8]) -> Result<(), Fault> {
    match draft.get(&COUNTS, at)? {
        Some(count) if count > 1 => draft.put(&COUNTS, at, &(count - 1)),
        _ => {
            draft.delete(&COUNTS, at);
            Ok(())
        }
    }
}
