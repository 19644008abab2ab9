//! Purging memories that a person names, with every trace of what they say.

use appliance_core::{MemoryId, MemoryKind, UserId};

use super::{
    copies::{self, Copies},
    quotes::Quotes,
    reach::Reach,
    said::Emptied,
    traces,
};
use crate::{
    Draft, Refusal,
    memories::{self as rules, Entry, MemoryRow},
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
    let view = draft.view();
    let text = |row: &MemoryRow| copies::text(view, row).ok().flatten();
    let (mut texts, mut quotes) = (Vec::new(), Quotes::default());
    for Entry { row, .. } in &named {
        let Some(text) = text(row) else { continue };
        // A learning was said nowhere.
        if row.head.kind != MemoryKind::Learning {
            quotes.add(&text);
        }
        texts.push(text);
    }
    let wanted = named.iter().map(|entry| entry.row.head.id).collect();
    let mut copies = Copies::of(view, wanted, texts);
    let is_learned = |row: &MemoryRow| {
        let learning = row.head.kind == MemoryKind::Learning && !quotes.is_empty();
        learning && text(row).is_some_and(|text| quotes.are_in(&text))
    };
    let first = traces::remembered(view, owner, |row| copies.have(row) || is_learned(row))?;
    Reach::of(draft, owner, first, (Emptied::default(), quotes))?.take_out(draft)
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
