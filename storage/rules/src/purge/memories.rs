//! Purging memories that a person names, with every trace of what they say; of one that cannot be
//! read only the answers that cite it are known.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, MemoryKind, UserId};

use super::{
    copies::{self, Copies},
    quotes::Quotes,
    reach::Reach,
    said::Emptied,
    traces, unread,
};
use crate::{Draft, Fault, Refusal, View, memories::MemoryRow};

/// What a purge of memories took out.
#[derive(Debug, Default)]
pub struct Gone {
    /// Every memory that went, copies and what was drawn from them too.
    pub memories: Vec<MemoryId>,
    /// Those that were named and whose text could not be read: it was looked for nowhere.
    pub untraced: Vec<MemoryId>,
}

/// Purges `ids` of `owner`. One that is gone already or another's is passed over: nothing tells the two
/// apart.
///
/// # Errors
/// The adapter's failure.
pub fn memories(draft: &mut Draft<'_>, owner: UserId, ids: &[MemoryId]) -> Result<Gone, Refusal> {
    let view = draft.view();
    let (named, mut untraced) = named(view, owner, ids)?;
    let text = |row: &MemoryRow| copies::text(view, row).ok().flatten();
    let (mut texts, mut quotes) = (Vec::new(), Quotes::default());
    let mut wanted: BTreeSet<MemoryId> = untraced.iter().copied().collect();
    for row in &named {
        wanted.insert(row.head.id);
        let Some(text) = text(row) else {
            untraced.push(row.head.id);
            continue;
        };
        // A learning was said nowhere.
        if row.head.kind != MemoryKind::Learning {
            quotes.add(&text);
        }
        texts.push(text);
    }
    let mut first: Vec<MemoryId> = wanted.iter().copied().collect();
    let mut copies = Copies::of(view, wanted, texts);
    let is_learned = |row: &MemoryRow| {
        let learning = row.head.kind == MemoryKind::Learning && !quotes.is_empty();
        learning && text(row).is_some_and(|text| quotes.are_in(&text))
    };
    first.extend(traces::remembered(view, owner, |row| copies.have(row) || is_learned(row))?);
    let reach = Reach::of(draft, owner, first, (Emptied::default(), quotes))?;
    Ok(Gone { memories: reach.take_out(draft)?, untraced })
}

/// Returns those of `ids` that are `owner`'s: what can be read of them, and the ids of the others.
fn named(
    view: &dyn View,
    owner: UserId,
    ids: &[MemoryId],
) -> Result<(Vec<MemoryRow>, Vec<MemoryId>), Fault> {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for id in ids {
        match unread::row_of(view, *id)? {
            Some(row) => found.extend(Some(row).filter(|row| row.head.owner == owner)),
            None if unread::is_memory_of(view, owner, *id)? => unread.push(*id),
            None => {}
        }
    }
    Ok((found, unread))
}
