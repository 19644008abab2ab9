//! Purging memories that a person names, with every trace of what they say; of one that cannot be
//! read only the answers that cite it are known.

use appliance_core::{MemoryId, MemoryKind, UserId};

use super::{
    copies::{self, Copies},
    quotes::Quotes,
    reach::Reach,
    said::Emptied,
    traces, unread,
};
use crate::{
    Draft, Fault, Read as _, Refusal, View,
    memories::{BY_ID, MemoryRow},
};

/// Purges `ids` of `owner`; returns every memory that went, their copies and what was drawn from
/// them too. One that is gone already or another's is passed over: nothing tells the two apart.
///
/// # Errors
/// The adapter's failure.
pub fn memories(
    draft: &mut Draft<'_>,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<Vec<MemoryId>, Refusal> {
    let view = draft.view();
    let (named, unread) = named(view, owner, ids)?;
    let text = |row: &MemoryRow| copies::text(view, row).ok().flatten();
    let (mut texts, mut quotes) = (Vec::new(), Quotes::default());
    for row in &named {
        let Some(text) = text(row) else { continue };
        // A learning was said nowhere.
        if row.head.kind != MemoryKind::Learning {
            quotes.add(&text);
        }
        texts.push(text);
    }
    let wanted = named.iter().map(|row| row.head.id).collect();
    let mut copies = Copies::of(view, wanted, texts);
    let is_learned = |row: &MemoryRow| {
        let learning = row.head.kind == MemoryKind::Learning && !quotes.is_empty();
        learning && text(row).is_some_and(|text| quotes.are_in(&text))
    };
    let mut first = traces::remembered(view, owner, |row| copies.have(row) || is_learned(row))?;
    first.extend(unread);
    Reach::of(draft, owner, first, (Emptied::default(), quotes))?.take_out(draft)
}

/// Returns those of `ids` that are `owner`'s: what can be read of them, and the ids of the others.
fn named(
    view: &dyn View,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<(Vec<MemoryRow>, Vec<MemoryId>), Fault> {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for id in ids {
        match view.by::<MemoryRow>(&BY_ID, &id.bytes()) {
            Ok(row) => found.extend(row.filter(|row| row.head.owner == owner)),
            Err(fault) if !fault.is_of_one_row() => return Err(fault),
            Err(_) if unread::is_memory_of(view, owner, *id)? => unread.push(*id),
            Err(_) => {}
        }
    }
    Ok((found, unread))
}
