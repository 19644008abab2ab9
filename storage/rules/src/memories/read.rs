//! Reading memories: one, a filtered page, and what changed since. Brings texts out of the archive
//! where they are there; shows nobody what is forgotten.

use appliance_core::{
    Memory, MemoryId, MemoryTier, Page, PageRequest, SearchFilter, UserId,
    ports::{Change, Changed},
};

use super::{
    BY_ID, BY_OWNER, BY_POSITION, BY_SHELF, Body, Entry, Gone, MEMORIES, MemoryRow, STANDING, Spot,
    Stand, shelf::SHELVES,
};
use crate::{
    Fault,
    entity::{key, trailing_seq},
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

    /// Tells whether a text that cannot be brought is lost for this question: it was not only moved
    /// to another file under the reader's hands.
    fn is_settled(&self) -> bool;
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
pub fn whole(view: &dyn View, texts: &dyn Texts, entry: Entry) -> Result<Memory, Fault> {
    entry.join(view, |id, spot| texts.read(id, spot))
}

/// Returns those of `ids` that `owner` has, in that order, forgotten or not; what cannot be read is
/// left out and named.
pub fn those(
    view: &dyn View,
    texts: &dyn Texts,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<Vec<Memory>, Fault> {
    let mut found = Vec::new();
    for id in ids {
        let entry = view.readable(find(view, *id), Some(*id))?.flatten();
        let Some(own) = entry.filter(|entry| entry.row.head.owner == owner) else { continue };
        match whole(view, texts, own) {
            Err(fault @ Fault::Archive { .. }) if !texts.is_settled() => return Err(fault),
            memory => found.extend(view.readable(memory, Some(*id))?),
        }
    }
    Ok(found)
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
    for (looked, met) in rows.sparing().enumerate() {
        let Met { place, row } = met?;
        if found.items.len() == wanted.limit || looked == LOOKED_AT_A_PAGE {
            found.next = Some(last);
            break;
        }
        last = trailing_seq(&place);
        let entry = row.and_then(|row| with_stand(view, row));
        let Some(entry) = readable_at(view, entry, last)? else { continue };
        if entry.stand.is_forgotten() || !entry.facets().pass(owner, filter) {
            continue;
        }
        let id = entry.row.head.id;
        match whole(view, texts, entry) {
            Err(fault @ Fault::Archive { .. }) if !texts.is_settled() => return Err(fault),
            memory => found.items.extend(view.readable(memory, Some(id))?),
        }
    }
    Ok(found)
}

/// Returns up to `limit` changes of all owners above `after`, ascending.
pub fn since(view: &dyn View, after: u64, limit: usize) -> Result<Vec<Change>, Fault> {
    let stands = view.walk_by::<Stand>(&BY_POSITION, Span::after(&[], after));
    let mut stands = stands.sparing().peekable();
    let mut gone = view.walk::<Gone>(Span::after(&[], after)).sparing().peekable();
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
    let Some(Gone { position, id, owner }) = view.readable(met.row, None)? else { return Ok(None) };
    if view.has::<Stand>(&id.bytes())? {
        return Ok(None);
    }
    Ok(Some(Change { position, text_at: position, id, owner, now: Changed::Gone }))
}

/// One damaged row keeps nobody from what changed after it: it is told as damaged, if it is known
/// which memory it is.
fn told(view: &dyn View, met: Met<Stand>) -> Result<Option<Change>, Fault> {
    let position = trailing_seq(&met.place);
    let fault = match met.row {
        Ok(stand) => {
            let (id, owner, text_at) = (stand.id, stand.owner, stand.text_at);
            return match changed(view, stand) {
                Ok(now) => Ok(Some(Change { position, text_at, id, owner, now })),
                Err(fault) => damaged(view, position, Some((id, owner)), fault),
            };
        }
        Err(fault) => fault,
    };
    let at = position.to_be_bytes();
    let id = view.find(&STANDING, &BY_POSITION, &at).ok().flatten().and_then(|id| id_of(&id));
    let row = id.map(|id| view.by::<MemoryRow>(&BY_ID, &id.bytes())).and_then(Result::ok).flatten();
    damaged(view, position, row.map(|row| (row.head.id, row.head.owner)), fault)
}

fn damaged(
    view: &dyn View,
    position: u64,
    which: Option<(MemoryId, UserId)>,
    fault: Fault,
) -> Result<Option<Change>, Fault> {
    let what = fault.to_string();
    view.readable::<()>(Err(fault), which.map(|(id, _)| id))?;
    let now = Changed::Damaged { what };
    Ok(which.map(|(id, owner)| Change { position, text_at: position, id, owner, now }))
}

/// Passes an entry on; one that cannot be read is noted under the memory at that place.
fn readable_at<T>(view: &dyn View, read: Result<T, Fault>, seq: u64) -> Result<Option<T>, Fault> {
    match read {
        Err(fault) if fault.leaves_others() => view.readable(Err(fault), id_at(view, seq)?),
        read => read.map(Some),
    }
}

/// Returns the memory at a place in the order of arrival, by the shelf it stands on; `None` where
/// that cannot be read either.
///
/// # Errors
/// The adapter's failure.
pub fn id_at(view: &dyn View, seq: u64) -> Result<Option<MemoryId>, Fault> {
    for shelf in SHELVES {
        let place = key(&[&[shelf], &seq.to_be_bytes()]);
        match view.find(&STANDING, &BY_SHELF, &place) {
            Ok(Some(id)) => return Ok(id_of(&id)),
            Err(fault) if !fault.leaves_others() => return Err(fault),
            _ => {}
        }
    }
    Ok(None)
}

fn id_of(id: &[u8]) -> Option<MemoryId> {
    Some(MemoryId::from_bytes(id.try_into().ok()?))
}

/// Returns how the memory that stands so is now.
fn changed(view: &dyn View, stand: Stand) -> Result<Changed, Fault> {
    if stand.is_forgotten() {
        return Ok(Changed::Gone);
    }
    if stand.tier == MemoryTier::Cold {
        return Ok(Changed::Archived);
    }
    let row: MemoryRow = view.follow(&stand.seq.to_be_bytes(), STANDING.name)?;
    let from = row.head.seq.to_be_bytes();
    let memory = Entry { row, stand }.join(view, |_, _| Err(dangling(MEMORIES.name, &from)))?;
    Ok(Changed::Live(Box::new(memory)))
}

fn with_stand(view: &dyn View, row: MemoryRow) -> Result<Entry, Fault> {
    let stand = view.follow(&row.head.id.bytes(), MEMORIES.name)?;
    Ok(Entry { row, stand })
}

/// Tells whether the text of `entry` is brought without the archive.
#[must_use]
pub const fn is_here(entry: &Entry) -> bool {
    !matches!(entry.row.body, Body::Archived(_))
}
