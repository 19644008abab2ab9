//! Purging what was forgotten: its rows, and every copy of its text in the archive.
//!
//! The same commit that takes the rows out notes which segments hold copies, so that a stop in
//! between cannot make them outlive it: they are written anew by this run or the next.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, StoreError, Timestamp, ports::Moved};

use storage_rules::{
    Draft, Fault,
    memories::{self, Entry},
    tiers::manifest,
};

use super::{
    compact,
    work::{Work, spot_of},
};
use crate::steps::reached;

/// Most memories of one commit.
const MOST_AT_ONCE: usize = 1_000;

/// Purges what was forgotten before `before`.
pub(super) fn run(work: &Work, before: Timestamp) -> Result<Moved, StoreError> {
    let mut all = Moved::default();
    loop {
        let (ids, strays) = work.read(|file| {
            let ids: BTreeSet<MemoryId> =
                memories::forgotten_before(file, before, MOST_AT_ONCE)?.into_iter().collect();
            let strays = manifest::with_strays_of(file, &ids)?;
            Ok((ids, strays))
        })?;
        if ids.is_empty() {
            break;
        }
        all.memories += work.change(move |draft| Ok(take_out(draft, ids, strays, before)?))?;
        reached("purge.committed");
    }
    all.bytes = work.tidy()? + write_due(work)?;
    Ok(all)
}

fn take_out(
    draft: &mut Draft<'_>,
    ids: BTreeSet<MemoryId>,
    mut holding: BTreeSet<u64>,
    before: Timestamp,
) -> Result<u64, Fault> {
    let is_due = |entry: &Entry| entry.stand.standing.forgotten_at.is_some_and(|at| at < before);
    let mut purged = 0;
    for id in ids {
        let Some(entry) = memories::look(draft, id)?.filter(is_due) else { continue };
        holding.extend(spot_of(&entry).map(|spot| spot.segment));
        memories::purge(draft, &entry)?;
        purged += 1;
    }
    holding.into_iter().try_for_each(|number| manifest::due(draft, number))?;
    reached("purge.drafted");
    Ok(purged)
}

/// Writes the segments anew that hold what was purged; returns the bytes that gave.
fn write_due(work: &Work) -> Result<i64, StoreError> {
    let mut freed = 0;
    for (number, segment) in work.read(manifest::all)? {
        if segment.due {
            freed += compact::attempt(work, number, &segment)?.map_or(0, |moved| moved.bytes);
        }
    }
    reached("purge.done");
    Ok(freed)
}
