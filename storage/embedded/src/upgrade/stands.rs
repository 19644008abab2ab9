//! Memories of version 1 and 2 have no standing: each gets the one it would have, its place in the
//! change log, on its shelf and in the counts. The rows themselves stay as they are.

use appliance_core::{MemoryTier, Standing};
use storage_rules::{
    Draft, Span,
    codec::Place,
    memories,
    memories::{MEMORIES, MemoryRow, Stand, frozen},
};

use super::left;
use crate::fault::Fault;

/// Rows read before they are written, so that a large file needs little memory.
const AT_ONCE: usize = 1_000;

/// Gives every memory of version 1 or 2 what later ones have.
pub(super) fn give(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let (mut span, mut done) = (Span::all(), 0_u64);
    loop {
        let rows = draft.view().rows(&MEMORIES, &span, AT_ONCE)?;
        let Some((last, _)) = rows.last() else { break };
        span = span.beyond(last);
        for (id, sealed) in rows {
            match frozen::older(Place { table: MEMORIES.name, key: &id }, &sealed) {
                Some(Ok((row, tier))) => {
                    memories::adopt(draft, &row.head, &stand(&row, tier))?;
                    done += 1;
                }
                Some(Err(fault)) => left(fault)?,
                None => {}
            }
        }
    }
    if done > 0 {
        tracing::info!(memories = done, "memories of an earlier version were brought up to date");
    }
    Ok(())
}

/// Returns how a memory stands that was put before memories had a standing.
fn stand(row: &MemoryRow, tier: MemoryTier) -> Stand {
    let head = &row.head;
    Stand {
        id: head.id,
        owner: head.owner,
        agent: head.provenance.agent,
        tier: if tier == MemoryTier::Cold { MemoryTier::Warm } else { tier },
        seq: head.seq,
        position: head.seq,
        text_at: head.seq,
        standing: Standing::new(head.created_at),
    }
}
