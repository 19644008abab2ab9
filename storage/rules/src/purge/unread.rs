//! Rows that cannot be read: taken out by their ids, with every place that leads to them. What they
//! say is not known, so nothing that was drawn from it is found. Decides nothing about rows that can be.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, UserId};

use crate::{
    Draft, Entity, Fault, Key, Read as _, Rule, Span, Unread, View, check, codec,
    conversations::{BY_CHANGE, ConversationRow},
    counters::next,
    damage, key,
    memories::{BY_ID, BY_OWNER, BY_SEGMENT, Body, Gone, MEMORIES, MemoryRow, Stand, forms},
    rewrite,
    tasks::TaskRow,
    walk,
};

/// Places that are asked for at a time.
const AT_ONCE: usize = 1_024;

/// Takes the row `id` out, which is of `memory` if it is of one.
pub(super) fn take_out<E: Entity>(
    draft: &mut Draft<'_>,
    id: &[u8],
    memory: Option<MemoryId>,
) -> Result<(), Fault> {
    for key in E::KIND.keys.iter().filter(|key| key.rule != Rule::Counted) {
        for place in leading_to::<E>(draft.view(), key, Span::all(), id)? {
            draft.place(E::KIND, key, &place, None)?;
        }
    }
    draft.drop_row::<E>(id, &[])?;
    let place = damage::place(E::KIND.name, &codec::hex(id));
    draft.unread.push(Unread { place, memory });
    Ok(())
}

/// Tells whether a memory whose own row cannot be read is `owner`'s.
pub(super) fn is_memory_of(view: &dyn View, owner: UserId, id: MemoryId) -> Result<bool, Fault> {
    if let Some(stand) = if_read(view.row::<Stand>(&id.bytes()))? {
        return Ok(stand.owner == owner);
    }
    let Some(seq) = if_read(view.find(&MEMORIES, &BY_ID, &id.bytes()))? else { return Ok(false) };
    let place = Span::of(&key(&[&owner.bytes(), &seq]));
    Ok(!leading_to::<MemoryRow>(view, &BY_OWNER, place, &seq)?.is_empty())
}

/// Takes a memory of `owner` out that cannot be read whole; returns the segments that may hold its text.
pub(super) fn memory(
    draft: &mut Draft<'_>,
    owner: UserId,
    id: MemoryId,
) -> Result<BTreeSet<u64>, Fault> {
    let (view, at) = (draft.view(), id.bytes());
    let stand = if_read(draft.get::<Stand>(&at))?;
    let seq = if_read(view.find(&MEMORIES, &BY_ID, &at))?;
    let seq = seq.or_else(|| stand.as_ref().map(|stand| stand.seq.to_be_bytes().to_vec()));
    let row = seq.as_ref().map(|seq| if_read(draft.get::<MemoryRow>(seq))).transpose()?.flatten();
    rewrite::purged(draft)?;
    let held = match (row, seq) {
        (Some(row), _) => take_row(draft, &row)?,
        (None, Some(seq)) => {
            let held = leading_to::<MemoryRow>(draft.view(), &BY_SEGMENT, Span::all(), &seq)?;
            take_out::<MemoryRow>(draft, &seq, Some(id))?;
            forms::release_unread(draft, id)?;
            held.iter().filter_map(|place| place.first_chunk().copied()).collect()
        }
        (None, None) => Vec::new(),
    };
    match stand {
        Some(stand) => draft.delete(&stand)?,
        None => take_out::<Stand>(draft, &at, Some(id))?,
    }
    check::recount(draft)?;
    let position = next(&mut draft.counters.memory);
    draft.replace(None, &Gone { position, id, owner })?;
    Ok(held.into_iter().map(u64::from_be_bytes).collect())
}

/// Takes out a memory's own row, which can be read.
fn take_row(draft: &mut Draft<'_>, row: &MemoryRow) -> Result<Vec<[u8; 8]>, Fault> {
    forms::release(draft, &row.head)?;
    draft.delete(row)?;
    draft.unread.push(Unread { place: String::new(), memory: Some(row.head.id) });
    Ok(match row.body {
        Body::Archived(spot) => vec![spot.segment.to_be_bytes()],
        Body::Here(_) | Body::Said(_) => Vec::new(),
    })
}

/// Tells whether a conversation whose row cannot be read is `owner`'s.
pub(super) fn is_thread_of(
    view: &dyn View,
    owner: UserId,
    id: ConversationId,
) -> Result<bool, Fault> {
    let theirs = Span::of(&owner.bytes());
    let found = leading_to::<ConversationRow>(view, &BY_CHANGE, theirs, &id.bytes())?;
    Ok(!found.is_empty())
}

/// Returns the tasks of a thread; others that cannot be read are named.
pub(super) fn tasks_of(view: &dyn View, thread: ConversationId) -> Result<Vec<TaskRow>, Fault> {
    let of_it = |row: &TaskRow| row.task.conversation_id == thread;
    let rows = walk::readable(view.walk::<TaskRow>(Span::all()));
    rows.filter(|row| row.as_ref().map_or(true, of_it)).collect()
}

/// Returns what was read; `None` too where that one row cannot be.
pub(super) fn if_read<T>(read: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Err(fault) if fault.is_of_one_row() => Ok(None),
        read => read,
    }
}

/// Returns the places under `key`, within `span`, that lead to the row `id`.
pub(super) fn leading_to<E: Entity>(
    view: &dyn View,
    key: &'static Key,
    mut span: Span,
    id: &[u8],
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut found = Vec::new();
    loop {
        let read = view.places(E::KIND, key, &span, AT_ONCE)?;
        let last = read.last().filter(|_| read.len() == AT_ONCE).map(|(place, _)| place.clone());
        let leads = |to: &Result<Vec<u8>, Fault>| to.as_ref().is_ok_and(|to| to == id);
        found.extend(read.into_iter().filter(|(_, to)| leads(to)).map(|(place, _)| place));
        match last.filter(|last| span.goes_on(None, last)) {
            Some(last) => span = span.beyond(&last),
            None => return Ok(found),
        }
    }
}
