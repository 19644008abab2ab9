//! Purging what was forgotten: its rows, and every copy of its text in the archive.
//!
//! The same commit that takes the rows out notes which segments hold copies, so that a stop in
//! between cannot make them outlive it: they are written anew by this run or the next. One that
//! cannot be read stays due and is named.

use std::collections::BTreeSet;

use appliance_core::{
    ErrorKind, MemoryId, StoreError, Timestamp,
    ports::{Damaged, Moved},
};

use storage_rules::{
    Draft, Fault,
    memories::{self, Entry},
    tiers::manifest,
};

use super::work::{Work, spot_of};
use crate::{cold, steps::reached};

/// Most memories of one commit.
const MOST_AT_ONCE: usize = 1_000;

/// Purges what was forgotten before `before`. A segment that still holds what was purged and cannot be
/// written anew is the error, once everything else is done.
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
    let (mut freed, mut held) = (0, None);
    for (number, segment) in work.read(manifest::all)?.into_iter().filter(|(_, it)| it.due) {
        match work.rewrite(number, &segment) {
            Ok(moved) => freed += moved.bytes,
            Err(error) if error.kind == ErrorKind::Corrupt => {
                held = held.or(Some(still_held(work, number, &error)));
            }
            Err(error) => return Err(error),
        }
    }
    reached("purge.done");
    held.map_or(Ok(freed), Err)
}

/// Names the segments that are to be written anew without what was purged and cannot be.
pub(super) fn name_held(work: &Work) -> Result<(), StoreError> {
    for (number, _) in work.read(manifest::all)?.into_iter().filter(|(_, it)| it.due) {
        match work.living(number).and_then(|living| work.records(&living)) {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                still_held(work, number, &error);
            }
            read => drop(read?),
        }
    }
    Ok(())
}

/// Names a segment that still holds what was purged, because of `why`; returns it as the error.
fn still_held(work: &Work, number: u64, why: &StoreError) -> StoreError {
    let place = format!("what was purged, in {}", cold::place(number));
    let what = format!("it is there still, for the file cannot be written anew: {why}");
    let error = work.error(ErrorKind::Corrupt, format!("{place}: {what}"));
    work.archive().damage().note(Damaged { place, what, memory: None });
    error
}
