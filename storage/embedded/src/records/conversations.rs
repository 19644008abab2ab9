//! Conversations. The list of an owner orders by the sequence of each thread's last change.

use appliance_core::{
    Conflict, Conversation, ConversationId, ConversationStatus, Message, Page, PageRequest, Role,
    Thing, Timestamp, UserId, conversation::title_from,
};
use serde::{Deserialize, Serialize};

use crate::{
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode},
        conflict,
        counters::next,
        invalid, users,
    },
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: conversation id, 16 bytes. Value: [`ConversationV1`].
pub(crate) const CONVERSATIONS: Rows<ConversationRow> = Rows::new("conversations.v1");

/// Key: owner, 16 bytes; status, 1 byte; `updated_seq`, 8 bytes big endian. Value: conversation id.
pub(crate) const BY_CHANGE: Rows<[u8; 16]> = Rows::new("conversations_by_change.v1");

/// A conversation and how many messages it has.
#[derive(Debug)]
pub(crate) struct ConversationRow {
    /// The conversation.
    pub conversation: Conversation,
    /// The sequence of its last message.
    pub last_message: u64,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConversationV1 {
    id: [u8; 16],
    owner: [u8; 16],
    title: Option<String>,
    status: u8,
    updated_seq: u64,
    created_at: i64,
    updated_at: i64,
    last_message: u64,
}

impl Record for ConversationRow {
    type Frozen = ConversationV1;

    fn freeze(&self) -> ConversationV1 {
        let thread = &self.conversation;
        ConversationV1 {
            id: thread.id.bytes(),
            owner: thread.owner.bytes(),
            title: thread.title.clone(),
            status: thread.status.code(),
            updated_seq: thread.updated_seq,
            created_at: thread.created_at.unix_micros(),
            updated_at: thread.updated_at.unix_micros(),
            last_message: self.last_message,
        }
    }

    fn thaw(frozen: ConversationV1) -> Result<Self, UnknownCode> {
        let conversation = Conversation {
            id: ConversationId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            title: frozen.title,
            status: ConversationStatus::from_code(frozen.status)?,
            updated_seq: frozen.updated_seq,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            updated_at: Timestamp::from_unix_micros(frozen.updated_at),
        };
        Ok(Self { conversation, last_message: frozen.last_message })
    }
}

/// Makes a conversation.
pub(crate) fn put(draft: &mut Draft<'_, '_>, new: &Conversation) -> Result<(), Refusal> {
    let id = new.id.bytes();
    draft.counters.note(id);
    users::require(draft, new.owner)?;
    if draft.has(&CONVERSATIONS, &id)? {
        return Err(conflict(Conflict::Exists(Thing::Conversation(new.id))));
    }
    let mut row = ConversationRow { conversation: new.clone(), last_message: 0 };
    row.conversation.updated_seq = 0;
    moved(draft, row, new.updated_at)
}

/// Renames a conversation or changes its status.
pub(crate) fn change(
    draft: &mut Draft<'_, '_>,
    id: ConversationId,
    title: Option<&str>,
    status: Option<ConversationStatus>,
    at: Timestamp,
) -> Result<(), Refusal> {
    let mut row = require(draft, id)?;
    draft.delete(&BY_CHANGE, &place(&row.conversation));
    if let Some(title) = title {
        row.conversation.title = Some(title.to_owned());
    }
    row.conversation.status = status.unwrap_or(row.conversation.status);
    moved(draft, row, at)
}

/// Takes note of a message: gives it its sequence, moves the thread up, names it if it has no name.
pub(crate) fn take_in(draft: &mut Draft<'_, '_>, message: &Message) -> Result<u64, Refusal> {
    let mut row = require(draft, message.conversation_id)?;
    draft.delete(&BY_CHANGE, &place(&row.conversation));
    if row.conversation.title.is_none() && message.role == Role::User {
        row.conversation.title = title_from(&message.content);
    }
    let seq = next(&mut row.last_message);
    moved(draft, row, message.created_at)?;
    Ok(seq)
}

/// Refuses unless the conversation is `owner`'s and not deleted.
pub(crate) fn check_owner(
    draft: &mut Draft<'_, '_>,
    id: ConversationId,
    owner: UserId,
) -> Result<(), Refusal> {
    let row = draft.get(&CONVERSATIONS, &id.bytes())?;
    if row.is_some_and(|row| visible(&row.conversation, owner)) {
        return Ok(());
    }
    // The same whether it is absent, deleted or another's: nothing leaks.
    Err(conflict(Conflict::Gone(Thing::Conversation(id))))
}

/// Returns the conversation as a batch sees it, or refuses.
pub(crate) fn require(
    draft: &mut Draft<'_, '_>,
    id: ConversationId,
) -> Result<ConversationRow, Refusal> {
    draft
        .get(&CONVERSATIONS, &id.bytes())?
        .ok_or_else(|| invalid(format!("there is no conversation {id}")))
}

/// Returns the conversation if `owner` has it and it is not deleted.
pub(crate) fn get(
    snapshot: &Snapshot,
    owner: UserId,
    id: ConversationId,
) -> Result<Option<Conversation>, Fault> {
    let row = snapshot.get(&CONVERSATIONS, &id.bytes())?;
    Ok(row.map(|row| row.conversation).filter(|thread| visible(thread, owner)))
}

/// Returns conversations of `owner`, last changed first.
pub(crate) fn list(
    snapshot: &Snapshot,
    owner: UserId,
    status: ConversationStatus,
    page: PageRequest,
) -> Result<Page<Conversation>, Fault> {
    if status == ConversationStatus::Deleted {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let prefix = key(&[&owner.bytes(), &[status.code()]]);
    snapshot.newest_first(&BY_CHANGE, &prefix, page, |id| {
        Ok(Some(snapshot.follow(&CONVERSATIONS, &id, BY_CHANGE.name)?.conversation))
    })
}

fn visible(thread: &Conversation, owner: UserId) -> bool {
    thread.owner == owner && thread.status != ConversationStatus::Deleted
}

/// Stores the row under a new change sequence.
fn moved(
    draft: &mut Draft<'_, '_>,
    mut row: ConversationRow,
    at: Timestamp,
) -> Result<(), Refusal> {
    let id = row.conversation.id.bytes();
    row.conversation.updated_seq = next(&mut draft.counters.change);
    row.conversation.updated_at = at;
    draft.put(&BY_CHANGE, &place(&row.conversation), &id)?;
    Ok(draft.put(&CONVERSATIONS, &id, &row)?)
}

fn place(thread: &Conversation) -> Vec<u8> {
    let seq = thread.updated_seq.to_be_bytes();
    key(&[&thread.owner.bytes(), &[thread.status.code()], &seq])
}
