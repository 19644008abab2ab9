//! Conversations. The list of an owner orders by the sequence of each thread's last change.

use appliance_core::{
    Conflict, Conversation, ConversationId, ConversationStatus, Message, Page, PageRequest, Role,
    Thing, Timestamp, UserId, conversation::title_from, ports::Damaged,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::{Code, UnknownCode},
    counters::next,
    damage,
    entity::{IdShape, Key, Keyed, Kind, Rule, key},
    fault::{conflict, invalid},
    users,
    view::{Read as _, Span, View},
    walk,
};

/// Id: conversation id.
pub static CONVERSATIONS: Kind =
    Kind { name: "conversations.v1", id: IdShape::Uuid, keys: &[&BY_CHANGE] };

/// Place: owner, 16 bytes; status, 1 byte; `updated_seq`, 8 bytes big endian.
pub static BY_CHANGE: Key = Key::new("conversations_by_change.v1", Rule::Ordered);

/// A conversation and how many messages it has.
#[derive(Debug, Clone)]
pub struct ConversationRow {
    /// The conversation.
    pub conversation: Conversation,
    /// The sequence of its last message.
    pub last_message: u64,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct ConversationV1 {
    id: [u8; 16],
    owner: [u8; 16],
    title: Option<String>,
    status: u8,
    updated_seq: u64,
    created_at: i64,
    updated_at: i64,
    last_message: u64,
}

/// The frozen form, version 2: whether it was opened for one question is kept.
#[derive(Serialize, Deserialize)]
pub struct ConversationV2 {
    before: ConversationV1,
    once: bool,
}

impl From<&ConversationRow> for ConversationV1 {
    fn from(row: &ConversationRow) -> Self {
        let thread = &row.conversation;
        Self {
            id: thread.id.bytes(),
            owner: thread.owner.bytes(),
            title: thread.title.clone(),
            status: thread.status.code(),
            updated_seq: thread.updated_seq,
            created_at: thread.created_at.unix_micros(),
            updated_at: thread.updated_at.unix_micros(),
            last_message: row.last_message,
        }
    }
}

impl TryFrom<ConversationV1> for ConversationRow {
    type Error = UnknownCode;

    fn try_from(frozen: ConversationV1) -> Result<Self, UnknownCode> {
        let conversation = Conversation {
            id: ConversationId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            title: frozen.title,
            status: ConversationStatus::from_code(frozen.status)?,
            once: false,
            updated_seq: frozen.updated_seq,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            updated_at: Timestamp::from_unix_micros(frozen.updated_at),
        };
        Ok(Self { conversation, last_message: frozen.last_message })
    }
}

impl Entity for ConversationRow {
    type Frozen = ConversationV2;
    const KIND: &'static Kind = &CONVERSATIONS;
    const VERSION: u8 = 2;

    fn freeze(&self) -> ConversationV2 {
        ConversationV2 { before: ConversationV1::from(self), once: self.conversation.once }
    }

    fn thaw(_id: &[u8], frozen: ConversationV2) -> Result<Self, UnknownCode> {
        let mut row = Self::try_from(frozen.before)?;
        row.conversation.once = frozen.once;
        Ok(row)
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = |_| Ok(Self::try_from(codec::open::<ConversationV1>(place, 1, sealed)?)?);
        sealed.first().filter(|version| **version == 1).map(read)
    }

    fn id(&self) -> Vec<u8> {
        self.conversation.id.bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let Conversation { owner, status, updated_seq, .. } = &self.conversation;
        vec![BY_CHANGE.at(&[&owner.bytes(), &[status.code()], &updated_seq.to_be_bytes()])]
    }
}

/// Makes a conversation.
pub fn put(draft: &mut Draft<'_>, new: &Conversation) -> Result<(), Refusal> {
    let id = new.id.bytes();
    draft.counters.note(id);
    users::require(draft, new.owner)?;
    if draft.has::<ConversationRow>(&id)? {
        return Err(conflict(Conflict::Exists(Thing::Conversation(new.id))));
    }
    let row = ConversationRow { conversation: new.clone(), last_message: 0 };
    moved(draft, None, row, new.updated_at)
}

/// Renames a conversation or changes its status.
pub fn change(
    draft: &mut Draft<'_>,
    id: ConversationId,
    title: Option<&str>,
    status: Option<ConversationStatus>,
    at: Timestamp,
) -> Result<(), Refusal> {
    let before = require(draft, id)?;
    let mut row = before.clone();
    if let Some(title) = title {
        row.conversation.title = Some(title.to_owned());
    }
    row.conversation.status = status.unwrap_or(row.conversation.status);
    moved(draft, Some(&before), row, at)
}

/// Takes note of a message: gives it its sequence, moves the thread up, names it if it has no name.
///
/// An answer is given the sequence that was `kept` for it, and a message that will be answered has the
/// one behind it kept.
pub fn take_in(
    draft: &mut Draft<'_>,
    message: &Message,
    kept: Option<u64>,
) -> Result<u64, Refusal> {
    let before = require(draft, message.conversation_id)?;
    let mut row = before.clone();
    if row.conversation.title.is_none() && message.role == Role::User {
        row.conversation.title = title_from(&message.content);
    }
    row.conversation.once &= message.role != Role::User || row.last_message == 0;
    let kept = kept.filter(|kept| *kept <= row.last_message);
    let seq = kept.unwrap_or_else(|| given(&mut row, message));
    moved(draft, Some(&before), row, message.created_at)?;
    Ok(seq)
}

/// Gives the next sequence, and keeps the one after it if an answer will follow.
fn given(row: &mut ConversationRow, message: &Message) -> u64 {
    let seq = next(&mut row.last_message);
    if message.role == Role::User && message.task_id.is_some() {
        next(&mut row.last_message);
    }
    seq
}

/// Gives the sequence after `last`, where the conversation's own row lies behind its messages, as when
/// an older page has come to lie in the place of the newest; it is named.
pub(crate) fn count_on(
    draft: &mut Draft<'_>,
    message: &Message,
    last: u64,
) -> Result<u64, Refusal> {
    let id = message.conversation_id;
    let before = require(draft, id)?;
    let mut row = before.clone();
    row.last_message = last;
    // The last may be a question, whose answer has its place kept.
    next(&mut row.last_message);
    let seq = given(&mut row, message);
    draft.view().note(Damaged {
        place: damage::place(CONVERSATIONS.name, &codec::hex(&id.bytes())),
        what: "an older row lay in its place; its messages are counted on from the last".to_owned(),
        memory: None,
    });
    draft.replace(Some(&before), &row)?;
    Ok(seq)
}

/// Refuses unless the conversation is `owner`'s and not deleted.
pub fn check_owner(
    draft: &mut Draft<'_>,
    id: ConversationId,
    owner: UserId,
) -> Result<(), Refusal> {
    let row = draft.get::<ConversationRow>(&id.bytes())?;
    if row.is_some_and(|row| visible(&row.conversation, owner)) {
        return Ok(());
    }
    // The same whether it is absent, deleted or another's: nothing leaks.
    Err(conflict(Conflict::Gone(Thing::Conversation(id))))
}

/// Returns the conversation as a batch sees it, or refuses.
pub fn require(draft: &mut Draft<'_>, id: ConversationId) -> Result<ConversationRow, Refusal> {
    draft.get(&id.bytes())?.ok_or_else(|| invalid(format!("there is no conversation {id}")))
}

/// Returns the conversation if `owner` has it and it is not deleted.
pub fn get(
    view: &dyn View,
    owner: UserId,
    id: ConversationId,
) -> Result<Option<Conversation>, Fault> {
    let row = view.row::<ConversationRow>(&id.bytes())?;
    Ok(row.map(|row| row.conversation).filter(|thread| visible(thread, owner)))
}

/// Returns conversations of `owner`, last changed first.
pub fn list(
    view: &dyn View,
    owner: UserId,
    status: ConversationStatus,
    page: PageRequest,
) -> Result<Page<Conversation>, Fault> {
    if status == ConversationStatus::Deleted {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let prefix = key(&[&owner.bytes(), &[status.code()]]);
    let walk = view.walk_by::<ConversationRow>(&BY_CHANGE, Span::newest(&prefix, page.after));
    walk::page(walk, page, |row| Ok(Some(row.conversation)))
}

fn visible(thread: &Conversation, owner: UserId) -> bool {
    thread.owner == owner && thread.status != ConversationStatus::Deleted
}

/// Stores the row under a new change sequence.
fn moved(
    draft: &mut Draft<'_>,
    before: Option<&ConversationRow>,
    mut row: ConversationRow,
    at: Timestamp,
) -> Result<(), Refusal> {
    row.conversation.updated_seq = next(&mut draft.counters.change);
    row.conversation.updated_at = at;
    Ok(draft.replace(before, &row)?)
}
