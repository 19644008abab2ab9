//! Reading memories: one, a filtered page, and what changed since. Brings texts out of the archive
//! where they are there; shows nobody what is forgotten.

use appliance_core::{
    Memory, MemoryId, MemoryTier, Page, PageRequest, SearchFilter, UserId,
    ports::{Change, Changed},
};

use super::{BY_ID, BY_OWNER, BY_POSITION, Body, Entry, Gone, MEMORIES, MemoryRow, Spot, Stand};
use crate::{
    Fault,
    entity::trailing_seq,
    view::{Read as _, Span, View, dangling},
    walk::Met,
};

/// Rows looked at for one page: a page of a filter that few pass is short rather than slow.
const LOOKED_AT_A_PAGE: usize = 2_000;

/// Where the texts of archived memories are.
pub trait Texts {
    /// Returns the text of `id`, which is at `spot`.
    ///
    /// # Errors
    /// [`Fault::Archive`].
    fn read(&self, id: MemoryId, spot: Spot) -> Result<String, Fault>;
}

/// Returns a memory, forgotten or not, without bringing its text.
///
/// # Errors
/// A damaged row, or the adapter's failure; so for all functions here.
pub fn find(view: &dyn View, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let row = view.by::<MemoryRow>(&BY_ID, &id.bytes())?;
    row.map(|row| with_stand(view, row)).transpose()
}

/// Returns the memory if `owner` has it and did not forget it.
pub fn shown(view: &dyn View, owner: UserId, id: MemoryId) -> Result<Option<Entry>, Fault> {
    let seen = |entry: &Entry| entry.row.head.owner == owner && !entry.stand.is_forgotten();
    Ok(find(view, id)?.filter(seen))
}

/// Brings the text of `entry`.
pub fn whole(entry: Entry, texts: &dyn Texts) -> Result<Memory, Fault> {
    entry.join(|id, spot| texts.read(id, spot))
}

/// Returns memories of `owner` that pass `filter`, newest first. Looks at so many rows at most:
/// where few pass, a page is short and has a next one.
pub fn list(
    view: &dyn View,
    texts: &dyn Texts,
    owner: UserId,
    filter: &SearchFilter,
    page: PageRequest,
) -> Result<Page<Memory>, Fault> {
    let wanted = PageRequest::new(page.limit, page.after);
    let mut found = Page { items: Vec::new(), next: None };
    let mut last = 0;
    let rows = view.walk_by::<MemoryRow>(&BY_OWNER, Span::newest(&owner.bytes(), wanted.after));
    for (looked, met) in rows.enumerate() {
        let Met { place, row } = met?;
        if found.items.len() == wanted.limit || looked == LOOKED_AT_A_PAGE {
            found.next = Some(last);
            break;
        }
        let entry = with_stand(view, row?)?;
        if !entry.stand.is_forgotten() && entry.facets().pass(owner, filter) {
            found.items.push(whole(entry, texts)?);
        }
        last = trailing_seq(&place);
    }
    Ok(found)
}

/// Returns up to `limit` changes of all owners above `after`, ascending.
pub fn since(view: &dyn View, after: u64, limit: usize) -> Result<Vec<Change>, Fault> {
    let mut stands = view.walk_by::<Stand>(&BY_POSITION, Span::after(&[], after)).peekable();
    let mut gone = view.walk::<Gone>(Span::after(&[], after)).peekable();
    let mut found = Vec::new();
    while found.len() < limit {
        let stands_next = stands.peek().and_then(place_of);
        let gone_next = gone.peek().and_then(place_of);
        let is_gone = match (stands_next, gone_next) {
            (Some(stands), Some(gone)) => gone < stands,
            (stands, gone) => stands.is_none() && gone.is_some(),
        };
        if is_gone {
            let Some(met) = gone.next() else { break };
            found.extend(told_gone(view, met?)?);
        } else {
            let Some(met) = stands.next() else { break };
            found.extend(told(view, met?)?);
        }
    }
    Ok(found)
}

fn place_of<E>(met: &Result<Met<E>, Fault>) -> Option<u64> {
    met.as_ref().ok().map(|met| trailing_seq(&met.place))
}

/// Tells of a memory that was purged; of one that has come back since, nothing.
fn told_gone(view: &dyn View, met: Met<Gone>) -> Result<Option<Change>, Fault> {
    let Gone { position, id, owner } = met.row?;
    if view.has::<Stand>(&id.bytes())? {
        return Ok(None);
    }
    Ok(Some(Change { position, id, owner, now: Changed::Gone }))
}

fn told(view: &dyn View, met: Met<Stand>) -> Result<Option<Change>, Fault> {
    let stand = met.row?;
    let (position, id, owner) = (stand.position, stand.id, stand.owner);
    let now = changed(view, stand).or_else(|fault| without(id, fault))?;
    Ok(Some(Change { position, id, owner, now }))
}

/// One damaged row keeps nobody from what changed after it: the memory is shown as gone, and said.
fn without(id: MemoryId, fault: Fault) -> Result<Changed, Fault> {
    if !fault.is_of_one_row() {
        return Err(fault);
    }
    tracing::error!(event = "damaged", memory = %id, %fault, "a memory cannot be read or found");
    Ok(Changed::Gone)
}

/// Returns how the memory that stands so is now.
fn changed(view: &dyn View, stand: Stand) -> Result<Changed, Fault> {
    if stand.is_forgotten() {
        return Ok(Changed::Gone);
    }
    if stand.tier == MemoryTier::Cold {
        return Ok(Changed::Archived);
    }
    let row: MemoryRow = view.follow(&stand.seq.to_be_bytes(), super::STANDING.name)?;
    let from = row.head.seq.to_be_bytes();
    let memory = Entry { row, stand }.join(|_, _| Err(dangling(MEMORIES.name, &from)))?;
    Ok(Changed::Live(Box::new(memory)))
}

fn with_stand(view: &dyn View, row: MemoryRow) -> Result<Entry, Fault> {
    let stand = view.follow(&row.head.id.bytes(), MEMORIES.name)?;
    Ok(Entry { row, stand })
}

/// Tells whether the text of `entry` is in its row.
#[must_use]
pub const fn is_here(entry: &Entry) -> bool {
    matches!(entry.row.body, Body::Here(_))
}
