//! Writing half-dead segments anew. One that cannot be read is left as it is, and said so.

use appliance_core::{ErrorKind, StoreError, ports::Moved};

use storage_rules::{
    memories,
    tiers::manifest::{self, Segment},
};

use super::work::Work;

/// Rewrites the segment that is deadest, if half of it is.
pub(super) fn run(work: &Work) -> Result<Option<Moved>, StoreError> {
    work.look_again()?;
    let freed = work.tidy()?;
    for (number, segment) in half_dead(work)? {
        if let Some(moved) = attempt(work, number, &segment)? {
            return Ok(Some(Moved { bytes: moved.bytes + freed, ..moved }));
        }
    }
    Ok((freed != 0).then_some(Moved { memories: 0, bytes: freed }))
}

/// Rewrites a segment; `None` for one that is damaged, which is logged.
pub(super) fn attempt(
    work: &Work,
    number: u64,
    segment: &Segment,
) -> Result<Option<Moved>, StoreError> {
    match work.rewrite(number, segment) {
        Err(error) if error.kind == ErrorKind::Corrupt => {
            tracing::error!(%error, "a segment of the archive cannot be written anew");
            Ok(None)
        }
        moved => moved.map(Some),
    }
}

/// Returns the segments of which half is dead or more, the deadest first.
fn half_dead(work: &Work) -> Result<Vec<(u64, Segment)>, StoreError> {
    let (segments, live) =
        work.read(|file| Ok((manifest::all(file)?, memories::live_by_segment(file)?)))?;
    let alive = |number: &u64| live.get(number).copied().unwrap_or_default();
    let mut half_dead: Vec<_> = segments
        .into_iter()
        .filter(|(number, segment)| alive(number) * 2 <= segment.records)
        .collect();
    half_dead.sort_by_key(|(number, it)| alive(number) * 10_000 / it.records.max(1));
    Ok(half_dead)
}
