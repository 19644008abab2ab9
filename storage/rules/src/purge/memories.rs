//! Purging memories that a person names, with every trace of what they say.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, MemoryKind, MessageId, UserId};

use super::{
    said::{self, Emptied},
    traces,
};
use crate::{
    Draft, Refusal,
    memories::{self as rules, Body, Entry, MemoryRow, signals},
    tiers::manifest,
};

/// Purges `ids` of `owner`; returns every memory that went, their copies and what was drawn from
/// them too. One that is gone already or another's is passed over: nothing tells the two apart.
///
/// # Errors
/// A damaged row that has to be read, or the adapter's failure.
pub fn memories(
    draft: &mut Draft<'_>,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<Vec<MemoryId>, Refusal> {
    let named = named(draft, owner, ids)?;
    let wanted: BTreeSet<MemoryId> = named.iter().map(|entry| entry.row.head.id).collect();
    let forms = traces::forms(draft.view(), &named);
    let same = |row: &MemoryRow| {
        wanted.contains(&row.head.id)
            || traces::form(draft.view(), row).is_some_and(|form| forms.contains(&form))
    };
    let first: BTreeSet<MemoryId> =
        traces::remembered(draft.view(), owner, same)?.into_iter().collect();
    let mut emptied = Emptied::default();
    for message in traces::citing(draft.view(), &first)? {
        said::empty(draft, message, &mut emptied)?;
    }
    for id in &first {
        let message = rules::look(draft, *id)?.and_then(|entry| said_in(&entry.row));
        message.map_or(Ok(()), |message| said::empty(draft, message, &mut emptied))?;
    }
    let drawn = |row: &MemoryRow| {
        row.head.provenance.message_id.is_some_and(|id| emptied.messages.contains(&id))
    };
    let mut all = first;
    for thread in &emptied.threads {
        all.extend(traces::of_thread(draft.view(), owner, *thread, drawn)?);
    }
    let all: Vec<MemoryId> = all.into_iter().collect();
    said::silence(draft, &emptied.tasks)?;
    signals::silence(draft, owner, &all, &emptied.messages)?;
    take_out(draft, &all)?;
    Ok(all)
}

/// Returns the message that says what `row` says; a learning was only drawn from the one it names.
fn said_in(row: &MemoryRow) -> Option<MessageId> {
    row.head.provenance.message_id.filter(|_| row.head.kind != MemoryKind::Learning)
}

/// Takes memories out, and notes the segments of the archive that hold a copy of their texts.
pub(super) fn take_out(draft: &mut Draft<'_>, ids: &[MemoryId]) -> Result<(), Refusal> {
    let set: BTreeSet<MemoryId> = ids.iter().copied().collect();
    let mut holding = manifest::with_strays_of(draft.view(), &set)?;
    for id in set {
        let Some(entry) = rules::look(draft, id)? else { continue };
        if let Body::Archived(spot) = entry.row.body {
            holding.insert(spot.segment);
        }
        rules::purge(draft, &entry)?;
    }
    Ok(holding.into_iter().try_for_each(|number| manifest::due(draft, number))?)
}

fn named(draft: &mut Draft<'_>, owner: UserId, ids: &[MemoryId]) -> Result<Vec<Entry>, Refusal> {
    let mut found = Vec::new();
    for id in ids {
        let Some(entry) = rules::look(draft, *id)? else { continue };
        if entry.row.head.owner == owner {
            found.push(entry);
        }
    }
    Ok(found)
}
