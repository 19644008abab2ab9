//! Traces: which memories and messages hold what is to be purged. What cannot be read is named. Changes
//! nothing.

use std::collections::BTreeSet;

use appliance_core::{ConversationId, MemoryId, Message, MessageId, Role, UserId};
use appliance_phrases::utterance;

use super::{
    quotes::Quotes,
    unread::{self, Sought},
};
use crate::{
    Fault,
    conversations::{BY_CHANGE, ConversationRow},
    memories::{BY_OWNER, BY_THREAD, MemoryRow},
    messages::BY_CITED,
    view::{Read as _, Span, View},
    walk::{Met, Walk},
};

/// Returns the messages of a thread, oldest first.
pub(super) fn messages(view: &dyn View, id: ConversationId) -> Result<Vec<Message>, Fault> {
    let mut found = Vec::new();
    for met in view.walk::<Message>(Span::of(&id.bytes())) {
        found.extend(view.noted(met?.row)?);
    }
    Ok(found)
}

/// Returns the answers that cite one of `ids`, or lean on it, those too that cannot be read: their owner's,
/// for nobody else is shown them.
pub(super) fn citing(
    view: &dyn View,
    ids: &BTreeSet<MemoryId>,
) -> Result<BTreeSet<MessageId>, Fault> {
    let mut found = BTreeSet::new();
    for id in ids {
        for met in view.walk_by::<Message>(&BY_CITED, Span::of(&id.bytes())) {
            let Met { place, row } = met?;
            match row {
                Ok(message) => drop(found.insert(message.id)),
                Err(fault) => match place.strip_prefix(&id.bytes()) {
                    Some(row) => found.extend(unread::message_at(view, row)?),
                    None => drop(view.noted::<()>(Err(fault))?), // a page that leads elsewhere
                },
            }
        }
    }
    Ok(found)
}

/// Returns the messages of `owner` that say one of `quotes`, in whatever thread.
pub(super) fn saying(
    view: &dyn View,
    owner: UserId,
    quotes: &Quotes,
) -> Result<BTreeSet<MessageId>, Fault> {
    let mut found = BTreeSet::new();
    if quotes.is_empty() {
        return Ok(found);
    }
    for met in view.walk_by::<ConversationRow>(&BY_CHANGE, Span::of(&owner.bytes())) {
        let Some(row) = view.noted(met?.row)? else { continue };
        let mut said = messages(view, row.conversation.id)?;
        said.retain(|message| quotes.are_in(&message.content));
        found.extend(said.into_iter().map(|message| message.id));
    }
    Ok(found)
}

/// Returns the messages to which `answers` were given and that are of no worth without them, or hold a
/// code of one of `quotes`: commands name what they are about.
pub(super) fn asked_for(
    view: &dyn View,
    answers: &BTreeSet<MessageId>,
    quotes: &Quotes,
) -> Result<Vec<MessageId>, Fault> {
    let mut found = Vec::new();
    for id in answers {
        let answer = message(view, *id)?;
        let Some(asked) = answer.and_then(|answer| answer.parent_message_id) else { continue };
        let Some(asked) = message(view, asked)? else { continue };
        let is_command = utterance::worth_keeping(&asked.content).is_none();
        if is_command || quotes.lend_a_code_to(&asked.content) {
            found.push(asked.id);
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
    let Some(answer) = message(view, answer)? else { return Ok(Vec::new()) };
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
    let rows = view.walk_by(&BY_THREAD, Span::of(&thread.bytes()));
    picked(view, rows, |row| row.head.owner == owner && wanted(row))
}

/// Returns the memories of `owner` that `wanted` picks, forgotten ones too.
pub(super) fn remembered(
    view: &dyn View,
    owner: UserId,
    wanted: impl FnMut(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    picked(view, view.walk_by(&BY_OWNER, Span::of(&owner.bytes())), wanted)
}

/// Returns a message that can be read.
fn message(view: &dyn View, id: MessageId) -> Result<Option<Message>, Fault> {
    Ok(match unread::message(view, id)? {
        Sought::Whole(message) => Some(message),
        Sought::Unread(_) | Sought::Nowhere => None,
    })
}

fn picked(
    view: &dyn View,
    walk: Walk<'_, dyn View + '_, MemoryRow>,
    mut wanted: impl FnMut(&MemoryRow) -> bool,
) -> Result<Vec<MemoryId>, Fault> {
    let mut found = Vec::new();
    for met in walk {
        let row = view.noted(met?.row)?.filter(|row| wanted(row));
        found.extend(row.map(|row| row.head.id));
    }
    Ok(found)
}
