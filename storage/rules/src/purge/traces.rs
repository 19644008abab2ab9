//! Traces: which memories and messages hold what is to be purged. Changes nothing.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, Role, UserId};
use appliance_phrases::form::Form;

use crate::{
    Fault,
    memories::{BY_OWNER, BY_THREAD, MemoryRow},
    messages::{BY_CITED, BY_ID},
    view::{Read as _, Span, View},
    walk::Walk,
};

/// Returns the messages of a thread, oldest first.
pub(super) fn messages(view: &dyn View, id: ConversationId) -> Result<Vec<Message>, Fault> {
    let mut found = Vec::new();
    for met in view.walk::<Message>(Span::of(&id.bytes())) {
        found.extend(met?.row.ok());
    }
    Ok(found)
}

/// Returns the answers that cite one of `ids`, or lean on it: their owner's, for nobody else is shown them.
pub(super) fn citing(
    view: &dyn View,
    ids: &BTreeSet<MemoryId>,
) -> Result<BTreeSet<MessageId>, Fault> {
    let mut found = BTreeSet::new();
    for id in ids {
        for met in view.walk_by::<Message>(&BY_CITED, Span::of(&id.bytes())) {
            found.extend(met?.row.ok().map(|message| message.id));
        }
    }
    Ok(found)
}

/// Returns what a person said after `answer`, in its thread, with these `words` in it.
pub(super) fn saying_after(
    view: &dyn View,
    answer: MessageId,
    words: &str,
) -> Result<Vec<MessageId>, Fault> {
    let Some(answer) = view.by::<Message>(&BY_ID, &answer.bytes())? else { return Ok(Vec::new()) };
    let mut found = messages(view, answer.conversation_id)?;
    found.retain(|it| it.seq > answer.seq && it.role == Role::User && it.content.contains(words));
    Ok(found.into_iter().map(|message| message.id).collect())
}

/// Returns the memories of `owner` that were said in a thread, or drawn from it, and that `wanted`
/// picks.
pub(super) fn of_thread(
    view: &dyn View,
    owner: UserId,
    thread: ConversationId,
    mut wanted: impl FnMut(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    picked(view.walk_by(&BY_THREAD, Span::of(&thread.bytes())), |row| {
        row.head.owner == owner && wanted(row)
    })
}

/// Returns the memories of `owner` that `wanted` picks, forgotten ones too.
pub(super) fn remembered(
    view: &dyn View,
    owner: UserId,
    wanted: impl FnMut(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    picked(view.walk_by(&BY_OWNER, Span::of(&owner.bytes())), wanted)
}

fn picked(
    walk: Walk<'_, dyn View + '_, MemoryRow>,
    mut wanted: impl FnMut(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    let mut found = Vec::new();
    for met in walk {
        let row = met?.row.ok().filter(|row| wanted(row));
        found.extend(row.map(|row| row.head.id));
    }
    Ok(found)
}

/// Reads texts in the form in which they count as the same. Keeps the message that it read last:
/// neighbouring memories are often parts of one.
pub(super) struct Forms<'v> {
    view: &'v dyn View,
    last: Option<Message>,
}

impl<'v> Forms<'v> {
    /// Begins with no message.
    pub fn on(view: &'v dyn View) -> Self {
        Self { view, last: None }
    }

    /// Returns the form of a text that can be read here; `None` for one in the archive, or of marks
    /// alone.
    pub fn of(&mut self, row: &MemoryRow) -> Option<String> {
        let text = row.text_beside(self.view, &mut self.last).ok().flatten()?;
        Some(Form::NEWEST.of(&text)).filter(|form| !form.is_empty())
    }
}
