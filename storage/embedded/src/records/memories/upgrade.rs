//! Brings the memories of a file that an earlier version wrote up to this one: each gets its
//! standing, its place in the change log, on its shelf and in the counts.
//!
//! The rows themselves stay as they are and are read as they are. All of it is one transaction with
//! its mark, so that a crash leaves the file either as it was or done. A damaged row stays as it
//! is, is told in the log and found damaged when it is read: it keeps nobody from the others.

use appliance_core::{MemoryTier, Standing};
use redb::ReadableTable as _;

use super::{MEMORIES, MemoryRow, Stand, frozen, ledger};
use crate::{
    codec::Place,
    draft::{Draft, Tables},
    fault::Fault,
    records::{counters::Counters, marks},
};

/// Rows read before they are written, so that a large file needs little memory.
const AT_ONCE: usize = 1_000;

/// Gives every memory of version 1 or 2 what later ones have, and sets the mark.
pub(crate) fn upgrade(tables: &mut Tables<'_>) -> Result<(), Fault> {
    let (mut after, mut done) = (None, 0_u64);
    loop {
        let found = next_rows(tables, after.as_deref())?;
        let Some((last, ..)) = found.last() else { break };
        after = Some(last.clone());
        done += found.len() as u64;
        enter(tables, found.into_iter().map(|(_, row, tier)| (row, tier)))?;
    }
    if done > 0 {
        tracing::info!(memories = done, "memories of an earlier version were brought up to date");
    }
    marks::set(tables, marks::MEMORIES_STAND)
}

type Found = (Vec<u8>, MemoryRow, MemoryTier);

fn next_rows(tables: &mut Tables<'_>, after: Option<&[u8]>) -> Result<Vec<Found>, Fault> {
    let table = tables.table(MEMORIES.name)?;
    let mut found = Vec::new();
    let from = after.map_or_else(Vec::new, <[u8]>::to_vec);
    for stored in table.range::<&[u8]>(from.as_slice()..)? {
        let (at, sealed) = stored?;
        let (key, sealed) = (at.value(), sealed.value());
        if Some(key) == after {
            continue;
        }
        let place = Place { table: MEMORIES.name, key };
        match frozen::older(place, sealed) {
            Some(Ok((row, tier))) => found.push((key.to_vec(), row, tier)),
            Some(Err(fault)) if fault.is_of_one_row() => {
                tracing::error!(%fault, "a damaged memory was not brought up to date");
            }
            Some(Err(fault)) => return Err(fault),
            None => {}
        }
        if found.len() == AT_ONCE {
            break;
        }
    }
    Ok(found)
}

fn enter(
    tables: &mut Tables<'_>,
    rows: impl Iterator<Item = (MemoryRow, MemoryTier)>,
) -> Result<(), Fault> {
    // No position is given out here, so the counters do not move.
    let mut draft = Draft::over(tables, Counters::default());
    for (row, tier) in rows {
        let stand = stand(&row, tier);
        ledger::adopt(&mut draft, &row.head, &stand)?;
    }
    draft.keep().map(drop)
}

/// Returns how a memory stands that was put before memories had a standing.
fn stand(row: &MemoryRow, tier: MemoryTier) -> Stand {
    let head = &row.head;
    Stand {
        owner: head.owner,
        agent: head.provenance.agent,
        tier: if tier == MemoryTier::Cold { MemoryTier::Warm } else { tier },
        position: head.seq,
        standing: Standing::new(head.created_at),
    }
}
