//! Warm to cold: texts into a segment, then the commit that counts on it.
//!
//! A memory that changed while the segment was written stays warm; its copy there is a stray.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, MemoryTier, StoreError, Timestamp, ports::Moved};

use storage_rules::{
    Draft, Read as _,
    memories::{self, Body, Entry, Spot},
    tiers::manifest,
};

use super::work::{Work, length};
use crate::{cold::ColdRecord, steps::reached};

/// Most records of one segment: enough to train on, few enough to write anew in a moment.
const MOST_RECORDS: usize = 4_096;

/// Most bytes of text of one segment, which is built in memory.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A memory on its way: which, as of which change, with its text.
struct Leaving {
    id: MemoryId,
    position: u64,
    record: ColdRecord,
}

/// Archives those of `ids` that may be, in as many segments as it takes.
pub(super) fn run(work: &Work, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
    let ids: Vec<MemoryId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let (mut rest, mut all) = (ids.as_slice(), Moved::default());
    while !rest.is_empty() {
        let (leaving, looked_at) = gather(work, rest)?;
        rest = &rest[looked_at..];
        if leaving.is_empty() {
            continue;
        }
        reached("archive.read");
        let moved = lay_down(work, leaving, at)?;
        all.memories += moved.memories;
        all.bytes += moved.bytes;
    }
    reached("archive.done");
    Ok(all)
}

/// Reads the first of `ids` that go into one segment; returns how many ids that took.
fn gather(work: &Work, ids: &[MemoryId]) -> Result<(Vec<Leaving>, usize), StoreError> {
    let embedder = work.archive().embedder();
    work.read(|file| {
        let (mut leaving, mut bytes, mut looked_at) = (Vec::new(), 0, 0);
        for id in ids {
            if leaving.len() == MOST_RECORDS || bytes >= MOST_BYTES {
                break;
            }
            looked_at += 1;
            let Some(entry) = memories::find(file, *id)?.filter(may_leave) else { continue };
            let text = file.readable(entry.row.text(file), Some(*id))?.flatten();
            let Some(text) = text else { continue };
            bytes += text.len();
            let record = ColdRecord::of(entry.row.head, text, embedder.clone());
            leaving.push(Leaving { id: *id, position: entry.stand.position, record });
        }
        Ok((leaving, looked_at))
    })
}

fn lay_down(work: &Work, leaving: Vec<Leaving>, at: Timestamp) -> Result<Moved, StoreError> {
    let asked: Vec<_> = leaving.iter().map(|one| (one.id, one.position)).collect();
    let records: Vec<_> = leaving.into_iter().map(|one| one.record).collect();
    let settle = move |draft: &mut Draft<'_>, spots: &[Spot]| {
        let (mut moved, mut strays) = (0, Vec::new());
        for ((id, position), spot) in asked.into_iter().zip(spots) {
            let as_read = |entry: &Entry| entry.stand.position == position && may_leave(entry);
            match memories::look(draft, id)?.filter(as_read) {
                Some(entry) => {
                    let body = Some(Body::Archived(*spot));
                    memories::settle(draft, entry, MemoryTier::Cold, body, at)?;
                    moved += 1;
                }
                None => strays.push((spot.segment, id)),
            }
        }
        if moved > 0 {
            strays.into_iter().try_for_each(|(number, id)| manifest::stray(draft, number, id))?;
        }
        Ok(moved)
    };
    let (memories, written) = work.lay_down(&records, at, settle)?;
    let bytes = if memories == 0 { 0 } else { -length(written.bytes) };
    Ok(Moved { memories, bytes })
}

fn may_leave(entry: &Entry) -> bool {
    let standing = &entry.stand.standing;
    entry.stand.tier == MemoryTier::Warm && !standing.pinned && standing.forgotten_at.is_none()
}
