//! What the archive lets go: memories that have been in it too long, then the oldest while it is too
//! big. Pinned ones stay.
//!
//! A segment's memories were archived together, so they are too old together; bytes come free by
//! whole segments, and what is pinned in one is written anew.

use appliance_core::{StoreError, Timestamp, ports::Moved};

use storage_rules::{
    memories::{self, Entry},
    tiers::manifest,
};

use super::{
    compact,
    work::{Work, length, spot_of},
};
use crate::steps::reached;

/// Purges what was archived before `oldest`, then by age until `most_bytes` are left at most.
pub(super) fn run(work: &Work, oldest: Timestamp, most_bytes: u64) -> Result<Moved, StoreError> {
    let mut all = Moved { memories: 0, bytes: work.tidy()? };
    let mut by_age: Vec<_> = work.read(manifest::all)?.into_iter().collect();
    by_age.sort_by_key(|(number, segment)| (segment.since, *number));
    let mut total: i64 = by_age.iter().map(|(_, segment)| length(segment.bytes)).sum();
    for (number, segment) in by_age {
        let is_over = total > length(most_bytes);
        if segment.since >= oldest && !is_over {
            break; // the rest is younger
        }
        let (purged, left) = empty(work, number)?;
        let freed = match left {
            0 => work.tidy()?,
            _ if is_over && left < segment.records => {
                compact::attempt(work, number, &segment)?.map_or(0, |moved| moved.bytes)
            }
            _ => 0,
        };
        all.memories += purged;
        all.bytes += freed;
        total -= freed;
    }
    Ok(all)
}

/// Purges what is in a segment and not pinned; returns how many went and how many are left.
fn empty(work: &Work, number: u64) -> Result<(u64, u64), StoreError> {
    let living = work.living(number)?;
    let count = living.len() as u64;
    let purged = work.change(move |draft| {
        let mut purged = 0;
        for (id, spot) in living {
            let may_go =
                |entry: &Entry| spot_of(entry) == Some(spot) && !entry.stand.standing.pinned;
            let Some(entry) = memories::look(draft, id)?.filter(may_go) else { continue };
            memories::purge(draft, &entry)?;
            purged += 1;
        }
        reached("expire.drafted");
        Ok(purged)
    })?;
    reached("expire.committed");
    Ok((purged, count.saturating_sub(purged)))
}
