//! Reading memories: one, a filtered page, and what changed since. Brings texts out of the archive
//! where they are there; shows nobody what is forgotten.

use appliance_core::{
    Memory, MemoryId, MemoryTier, Page, PageRequest, SearchFilter, UserId,
    ports::{Change, Changed},
};

use super::{BY_ID, BY_OWNER, Body, CHANGES, Entry, MEMORIES, MemoryRow, STANDING};
use crate::{
    cold::Archive,
    fault::Fault,
    rows::{Rows, trailing_seq},
    snapshot::Snapshot,
};

/// Rows looked at for one page: a page of a filter that few pass is short rather than slow.
const LOOKED_AT_A_PAGE: usize = 2_000;

/// Returns a memory, forgotten or not, without bringing its text.
pub(crate) fn find(file: &Snapshot, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let Some(seq) = file.get(&BY_ID, &id.bytes())? else { return Ok(None) };
    at(file, seq, &BY_ID).map(Some)
}

/// Returns the memory if `owner` has it and did not forget it.
pub(super) fn shown(file: &Snapshot, owner: UserId, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let seen = |entry: &Entry| entry.row.head.owner == owner && !entry.stand.is_forgotten();
    Ok(find(file, id)?.filter(seen))
}

/// Brings the text of `entry`.
pub(super) fn whole(entry: Entry, archive: &Archive) -> Result<Memory, Fault> {
    entry.join(|id, spot| archive.read(id, spot).map_err(Fault::Archive))
}

/// Returns memories of `owner` that pass `filter`, newest first.
pub(super) fn list(
    file: &Snapshot,
    archive: &Archive,
    owner: UserId,
    filter: &SearchFilter,
    page: PageRequest,
) -> Result<Page<Memory>, Fault> {
    file.newest_passing(&BY_OWNER, &owner.bytes(), page, LOOKED_AT_A_PAGE, |seq| {
        let entry = at(file, seq, &BY_OWNER)?;
        if entry.stand.is_forgotten() || !entry.facets().pass(owner, filter) {
            return Ok(None);
        }
        whole(entry, archive).map(Some)
    })
}

/// Returns up to `limit` changes of all owners above `after`, ascending.
pub(super) fn since(file: &Snapshot, after: u64, limit: usize) -> Result<Vec<Change>, Fault> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    file.ascend(&CHANGES, &[], after, |at, (id, owner)| {
        let (id, owner) = (MemoryId::from_bytes(id), UserId::from_bytes(owner));
        let position = trailing_seq(at);
        let now = find(file, id).and_then(|entry| changed(entry, position));
        if let Some(now) = now.or_else(|fault| without(id, fault))? {
            found.push(Change { position, id, owner, now });
        }
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

/// One damaged row keeps nobody from what changed after it: the memory is shown as gone, and said.
fn without(id: MemoryId, fault: Fault) -> Result<Option<Changed>, Fault> {
    if !fault.is_of_one_row() {
        return Err(fault);
    }
    tracing::error!(event = "damaged", memory = %id, %fault, "a memory cannot be read or found");
    Ok(Some(Changed::Gone))
}

/// Returns how the memory of the change at `position` is now; `None` where that was not its last:
/// it was purged then, and has come back since.
fn changed(entry: Option<Entry>, position: u64) -> Result<Option<Changed>, Fault> {
    let Some(entry) = entry else { return Ok(Some(Changed::Gone)) };
    if entry.stand.position != position {
        return Ok(None);
    }
    if entry.stand.is_forgotten() {
        return Ok(Some(Changed::Gone));
    }
    if entry.stand.tier == MemoryTier::Cold {
        return Ok(Some(Changed::Archived));
    }
    let from = entry.row.head.seq.to_be_bytes();
    let memory = entry.join(|_, _| Err(MEMORIES.dangling(&from)))?;
    Ok(Some(Changed::Live(Box::new(memory))))
}

fn at<R>(file: &Snapshot, seq: u64, from: &Rows<R>) -> Result<Entry, Fault> {
    let row: MemoryRow = file.follow(&MEMORIES, &seq.to_be_bytes(), from.name)?;
    let stand = file.follow(&STANDING, &row.head.id.bytes(), MEMORIES.name)?;
    Ok(Entry { row, stand })
}

/// Tells whether the text of `entry` is in its row.
pub(super) const fn is_here(entry: &Entry) -> bool {
    matches!(entry.row.body, Body::Here(_))
}
