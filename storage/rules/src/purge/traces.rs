//! Traces: which memories and messages hold what is to be purged. Changes nothing.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, UserId};
use appliance_phrases::form::Form;

use crate::{
    Fault,
    conversations::{self, ConversationRow},
    memories::{BY_OWNER, Entry, MemoryRow},
    view::{Read as _, Span, View},
};

/// Returns every thread of `owner`, put away and deleted ones too.
pub(super) fn threads(view: &dyn View, owner: UserId) -> Result<Vec<ConversationId>, Fault> {
    let walk = view.walk_by::<ConversationRow>(&conversations::BY_CHANGE, Span::of(&owner.bytes()));
    let mut found = Vec::new();
    for met in walk {
        // A damaged thread shows nothing to anybody; its rows are the scrub's to clear.
        found.extend(met?.row.ok().map(|row| row.conversation.id));
    }
    Ok(found)
}

/// Returns the messages of a thread, oldest first.
pub(super) fn messages(view: &dyn View, id: ConversationId) -> Result<Vec<Message>, Fault> {
    let mut found = Vec::new();
    for met in view.walk::<Message>(Span::of(&id.bytes())) {
        found.extend(met?.row.ok());
    }
    Ok(found)
}

/// Returns the answers of `owner` that cite one of `ids`.
pub(super) fn citing(
    view: &dyn View,
    owner: UserId,
    ids: &BTreeSet<MemoryId>,
) -> Result<BTreeSet<MessageId>, Fault> {
    let mut found = BTreeSet::new();
    for thread in threads(view, owner)? {
        let cites =
            |message: &Message| message.citations.iter().any(|it| ids.contains(&it.memory_id));
        let citing = messages(view, thread)?.into_iter().filter(cites);
        found.extend(citing.map(|message| message.id));
    }
    Ok(found)
}

/// Returns the memories of `owner` that `wanted` picks, forgotten ones too.
pub(super) fn remembered(
    view: &dyn View,
    owner: UserId,
    wanted: impl Fn(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    let mut found = Vec::new();
    for met in view.walk_by::<MemoryRow>(&BY_OWNER, Span::of(&owner.bytes())) {
        let row = met?.row.ok().filter(|row| wanted(row));
        found.extend(row.map(|row| row.head.id));
    }
    Ok(found)
}

/// The texts that are to go, in the form in which they count as the same.
pub(super) fn forms(view: &dyn View, entries: &[Entry]) -> BTreeSet<String> {
    entries.iter().filter_map(|entry| form(view, &entry.row)).collect()
}

/// Returns the form of a text that can be read here; `None` for one in the archive, or of marks alone.
pub(super) fn form(view: &dyn View, row: &MemoryRow) -> Option<String> {
    let text = row.text(view).ok().flatten()?;
    Some(Form::NEWEST.of(&text)).filter(|form| !form.is_empty())
}
