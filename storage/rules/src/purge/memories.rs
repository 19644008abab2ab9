//! Purging memories that a person names, with every trace of what they say.

use std::collections::BTreeSet;

use appliance_core::{MemoryId, MemoryKind, UserId};

use super::{
    quotes::Quotes,
    reach::Reach,
    said::Emptied,
    traces::{self, Forms},
};
use crate::{
    Draft, Refusal,
    memories::{self as rules, Entry, MemoryRow},
    view::View,
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
    let quotes = quotes(draft.view(), &named);
    let mut same = |row: &MemoryRow| {
        wanted.contains(&row.head.id) || forms.of(row).is_some_and(|form| texts.contains(&form))
    };
    let goes = |row: &MemoryRow| same(row) || is_learned_from(draft.view(), row, &quotes);
    let first = traces::remembered(draft.view(), owner, goes)?;
    Reach::of(draft, owner, first, (Emptied::default(), quotes))?.take_out(draft)
}

/// Returns what is to be found wherever it is said. A learning was said nowhere.
fn quotes(view: &dyn View, named: &[Entry]) -> Quotes {
    let mut quotes = Quotes::default();
    for entry in named.iter().filter(|entry| entry.row.head.kind != MemoryKind::Learning) {
        if let Ok(Some(text)) = traces::text(view, &entry.row) {
            quotes.add(&text);
        }
    }
    quotes
}

/// Tells whether a learning says one of them, such as the words with a rating elsewhere.
fn is_learned_from(view: &dyn View, row: &MemoryRow, quotes: &Quotes) -> bool {
    let text = || traces::text(view, row).ok().flatten();
    row.head.kind == MemoryKind::Learning && text().is_some_and(|text| quotes.are_in(&text))
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
