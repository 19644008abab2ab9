//! Hot or cold to warm: one commit, with the text brought back where it was archived.

use appliance_core::{MemoryId, MemoryTier, StoreError, Timestamp, ports::Moved};

use storage_rules::{
    Draft, Fault,
    memories::{self, Body, Entry, Spot},
    tiers::manifest,
};

use super::work::{Work, spot_of};
use crate::steps::reached;

/// Most memories of one commit; one text has 64 KiB at most.
const MOST_AT_ONCE: usize = 2_048;

/// A memory to be made warm, with its text where that was archived.
struct Coming {
    id: MemoryId,
    brought: Option<(Spot, String)>,
}

/// Makes those of `ids` warm that are hot or cold. One whose archived text cannot be read stays
/// where it is and is the error, once the others have moved.
pub(super) fn run(work: &Work, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
    let (mut all, mut damaged) = (Moved::default(), None);
    for ids in ids.chunks(MOST_AT_ONCE) {
        let coming = gather(work, ids, &mut damaged)?;
        if coming.is_empty() {
            continue;
        }
        reached("warm.read");
        all.memories += work.change(move |draft| Ok(settle(draft, coming, at)?))?;
        reached("warm.committed");
    }
    all.bytes = work.tidy()?;
    damaged.map_or(Ok(all), Err)
}

fn gather(
    work: &Work,
    ids: &[MemoryId],
    damaged: &mut Option<StoreError>,
) -> Result<Vec<Coming>, StoreError> {
    let found: Vec<Entry> = work.read(|file| {
        let found = ids.iter().filter_map(|id| memories::find(file, *id).transpose());
        found.filter(|entry| entry.as_ref().map_or(true, may_come)).collect()
    })?;
    let mut coming = Vec::with_capacity(found.len());
    for entry in found {
        let id = entry.row.head.id;
        let brought = spot_of(&entry).map(|spot| Ok((spot, work.record(id, spot)?.text)));
        match brought.transpose() {
            Ok(brought) => coming.push(Coming { id, brought }),
            Err(error) => *damaged = damaged.take().or(Some(error)),
        }
    }
    Ok(coming)
}

fn settle(draft: &mut Draft<'_>, coming: Vec<Coming>, at: Timestamp) -> Result<u64, Fault> {
    let mut moved = 0;
    for Coming { id, brought } in coming {
        let Some(entry) = memories::look(draft, id)?.filter(may_come) else { continue };
        let (spot, text) = brought.unzip();
        if spot_of(&entry) != spot {
            continue; // it was put anew meanwhile
        }
        memories::settle(draft, entry, MemoryTier::Warm, text.map(Body::Here), at)?;
        if let Some(spot) = spot {
            manifest::stray(draft, spot.segment, id)?;
        }
        moved += 1;
    }
    reached("warm.drafted");
    Ok(moved)
}

fn may_come(entry: &Entry) -> bool {
    entry.stand.tier != MemoryTier::Warm && !entry.stand.is_forgotten()
}
