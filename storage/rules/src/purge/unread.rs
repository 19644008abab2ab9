//! Rows that cannot be read: taken out by their ids, with every place that leads to them, and read past
//! an index place that is damaged itself. What such a row says is not known, so nothing that was drawn from
//! it is found. Looks through whole tables, and only where something is damaged.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, UserId};

use crate::{
    Draft, Entity, Fault, Key, Read as _, Rule, Span, Unread, View, codec,
    conversations::{BY_CHANGE, ConversationRow},
    counters::next,
    damage, key,
    memories::{self, BY_OWNER, BY_SEGMENT, Body, Gone, MEMORIES, MemoryRow, Stand, forms},
    messages::{self, MESSAGES},
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
    let gone = |table, at: &[u8]| Unread { place: damage::place(table, &codec::hex(at)), memory };
    for key in E::KIND.keys.iter().filter(|key| key.rule != Rule::Counted) {
        for place in leading_to::<E>(draft.view(), key, Span::all(), id)? {
            draft.place(E::KIND, key, &place, None)?;
            draft.unread.push(gone(key.name, &place));
        }
        draft.unread.push(gone(key.name, id)); // as a place that leads to nothing is named
    }
    draft.drop_row::<E>(id, &[])?;
    draft.unread.push(gone(E::KIND.name, id));
    Ok(())
}

/// What is known of a message that is looked for by its id.
#[derive(Debug)]
pub(super) enum Sought {
    /// It is there.
    Whole(Message),
    /// Its row, by this id, cannot be read.
    Unread(Vec<u8>),
    /// It is nowhere.
    Nowhere,
}

/// Returns a message, past a place that is damaged.
pub(super) fn message(view: &dyn View, id: MessageId) -> Result<Sought, Fault> {
    let at = match view.find(&MESSAGES, &messages::BY_ID, &id.bytes()) {
        Ok(Some(at)) => at,
        Ok(None) => return Ok(Sought::Nowhere),
        Err(fault) if !fault.is_of_one_row() => return Err(fault),
        Err(_) => {
            let mut all = walk::readable(view.walk::<Message>(Span::all()));
            let found = all.find(|met| met.as_ref().map_or(true, |message| message.id == id));
            return Ok(found.transpose()?.map_or(Sought::Nowhere, Sought::Whole));
        }
    };
    Ok(if_read(view.row(&at))?.map_or(Sought::Unread(at), Sought::Whole))
}

/// Returns the id of the message whose row `at` cannot be read.
pub(super) fn message_at(view: &dyn View, at: &[u8]) -> Result<Option<MessageId>, Fault> {
    let ids = leading_to::<Message>(view, &messages::BY_ID, Span::all(), at)?;
    let id = ids.first().and_then(|id| id.first_chunk().copied());
    Ok(id.map(MessageId::from_bytes))
}

/// Returns a memory's own row if it can be read, past a place that is damaged.
pub(super) fn row_of(view: &dyn View, id: MemoryId) -> Result<Option<MemoryRow>, Fault> {
    let Some(seq) = seq_of(view, id)? else { return Ok(None) };
    Ok(if_read(view.row::<MemoryRow>(&seq))?.filter(|row| row.head.id == id))
}

/// Returns the id of a memory's own row.
fn seq_of(view: &dyn View, id: MemoryId) -> Result<Option<Vec<u8>>, Fault> {
    let seq = if_read(view.find(&MEMORIES, &memories::BY_ID, &id.bytes()))?;
    if seq.is_some() {
        return Ok(seq);
    }
    let stand = if_read(view.row::<Stand>(&id.bytes()))?;
    Ok(stand.map(|stand| stand.seq.to_be_bytes().to_vec()))
}

/// Tells whether a memory whose own row cannot be read is `owner`'s.
pub(super) fn is_memory_of(view: &dyn View, owner: UserId, id: MemoryId) -> Result<bool, Fault> {
    if let Some(stand) = if_read(view.row::<Stand>(&id.bytes()))? {
        return Ok(stand.owner == owner);
    }
    let Some(seq) = seq_of(view, id)? else { return Ok(false) };
    let place = Span::of(&key(&[&owner.bytes(), &seq]));
    Ok(!leading_to::<MemoryRow>(view, &BY_OWNER, place, &seq)?.is_empty())
}

/// Takes a memory of `owner` out that cannot be read whole; returns the segments that may hold its text.
/// Counts are left as they were.
pub(super) fn memory(
    draft: &mut Draft<'_>,
    owner: UserId,
    id: MemoryId,
) -> Result<BTreeSet<u64>, Fault> {
    let (view, at) = (draft.view(), id.bytes());
    let (stand, seq) = (if_read(draft.get::<Stand>(&at))?, seq_of(view, id)?);
    let row = row_of(view, id)?;
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
    let position = next(&mut draft.counters.memory);
    draft.replace(None, &Gone { position, id, owner })?;
    Ok(held.into_iter().map(u64::from_be_bytes).collect())
}

/// Takes out a memory's own row, which can be read.
fn take_row(draft: &mut Draft<'_>, row: &MemoryRow) -> Result<Vec<[u8; 8]>, Fault> {
    forms::release(draft, &row.head)?;
    draft.delete(row)?;
    let place = damage::place(MEMORIES.name, &codec::hex(&row.id()));
    draft.unread.push(Unread { place, memory: Some(row.head.id) });
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
fn leading_to<E: Entity>(
    view: &dyn View,
    key: &'static Key,
    mut span: Span,
    id: &[u8],
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut found = Vec::new();
    loop {
        let read = view.places(E::KIND, key, &span, AT_ONCE)?;
        let last = read.last().filter(|_| read.len() == AT_ONCE).map(|(place, _)| place.clone());
        let leads = |(place, to): &(Vec<u8>, Result<Vec<u8>, Fault>)| {
            span.goes_on(None, place) && to.as_ref().is_ok_and(|to| to == id)
        };
        found.extend(read.into_iter().filter(leads).map(|(place, _)| place));
        match last.filter(|last| span.goes_on(None, last)) {
            Some(last) => span = span.beyond(&last),
            None => return Ok(found),
        }
    }
}
