//! Purging memories that a person names, with every trace of what they say.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, UserId};

use super::{
    reach::Reach,
    said::Emptied,
    traces::{self, Forms},
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
    let wanted: BTreeSet<MemoryId> = named.iter().map(|entry| entry.row.head.id).collect();
    let mut forms = Forms::on(draft.view());
    let texts: BTreeSet<String> = named.iter().filter_map(|entry| forms.of(&entry.row)).collect();
    let same = |row: &MemoryRow| {
        wanted.contains(&row.head.id) || forms.of(row).is_some_and(|form| texts.contains(&form))
    };
    let first = traces::remembered(draft.view(), owner, same)?;
    Reach::of(draft, owner, first, Emptied::default())?.take_out(draft)
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
