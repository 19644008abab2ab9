//! Messages, byte for byte, in the order they came in. None is ever changed.

use appliance_core::{
    AgentName, Citation, Conflict, ConversationId, MemoryId, Message, MessageId, Page, PageRequest,
    Role, TaskId, Thing, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    draft::Draft,
    fault::Fault,
    records::{
        Refusal,
        codes::{Code, UnknownCode, optional},
        conflict, conversations,
    },
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: conversation id, 16 bytes; sequence, 8 bytes big endian. Value: [`MessageV1`].
pub(crate) const MESSAGES: Rows<Message> = Rows::new("messages.v1");

/// Key: message id, 16 bytes. Value: conversation id and sequence.
pub(crate) const BY_ID: Rows<([u8; 16], u64)> = Rows::new("messages_by_id.v1");

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct MessageV1 {
    id: [u8; 16],
    conversation_id: [u8; 16],
    seq: u64,
    role: u8,
    content: String,
    agent: Option<u8>,
    parent_message_id: Option<[u8; 16]>,
    task_id: Option<[u8; 16]>,
    citations: Vec<CitationV1>,
    model: Option<String>,
    created_at: i64,
}

/// The frozen form of a citation, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct CitationV1 {
    number: u32,
    memory_id: [u8; 16],
    quote: String,
}

impl From<&Citation> for CitationV1 {
    fn from(citation: &Citation) -> Self {
        let (number, quote) = (citation.number, citation.quote.clone());
        Self { number, memory_id: citation.memory_id.bytes(), quote }
    }
}

impl From<CitationV1> for Citation {
    fn from(frozen: CitationV1) -> Self {
        let (number, quote) = (frozen.number, frozen.quote);
        Self { number, memory_id: MemoryId::from_bytes(frozen.memory_id), quote }
    }
}

impl Record for Message {
    type Frozen = MessageV1;

    fn freeze(&self) -> MessageV1 {
        MessageV1 {
            id: self.id.bytes(),
            conversation_id: self.conversation_id.bytes(),
            seq: self.seq,
            role: self.role.code(),
            content: self.content.clone(),
            agent: self.agent.map(Code::code),
            parent_message_id: self.parent_message_id.map(|id| id.bytes()),
            task_id: self.task_id.map(|id| id.bytes()),
            citations: self.citations.iter().map(CitationV1::from).collect(),
            model: self.model.clone(),
            created_at: self.created_at.unix_micros(),
        }
    }

    fn thaw(frozen: MessageV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: MessageId::from_bytes(frozen.id),
            conversation_id: ConversationId::from_bytes(frozen.conversation_id),
            seq: frozen.seq,
            role: Role::from_code(frozen.role)?,
            content: frozen.content,
            agent: optional::<AgentName>(frozen.agent)?,
            parent_message_id: frozen.parent_message_id.map(MessageId::from_bytes),
            task_id: frozen.task_id.map(TaskId::from_bytes),
            citations: frozen.citations.into_iter().map(Citation::from).collect(),
            model: frozen.model,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
        })
    }
}

/// Appends to the message's conversation; returns the sequence it got.
pub(crate) fn append(draft: &mut Draft<'_, '_>, message: &Message) -> Result<u64, Refusal> {
    let id = message.id.bytes();
    draft.counters.note(id);
    if draft.has(&BY_ID, &id)? {
        return Err(conflict(Conflict::Exists(Thing::Message(message.id))));
    }
    let seq = conversations::take_in(draft, message)?;
    let thread = message.conversation_id.bytes();
    draft.put(&BY_ID, &id, &(thread, seq))?;
    draft.put(&MESSAGES, &place(thread, seq), &Message { seq, ..message.clone() })?;
    Ok(seq)
}

/// Returns messages of a thread, newest first; empty if `owner` has no such thread.
pub(crate) fn list(
    snapshot: &Snapshot,
    owner: UserId,
    id: ConversationId,
    page: PageRequest,
) -> Result<Page<Message>, Fault> {
    if conversations::get(snapshot, owner, id)?.is_none() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    snapshot.newest_first(&MESSAGES, &id.bytes(), page, |message| Ok(Some(message)))
}

/// Returns one message if `owner` has its conversation.
pub(crate) fn get(
    snapshot: &Snapshot,
    owner: UserId,
    id: MessageId,
) -> Result<Option<Message>, Fault> {
    let Some((thread, seq)) = snapshot.get(&BY_ID, &id.bytes())? else { return Ok(None) };
    if conversations::get(snapshot, owner, ConversationId::from_bytes(thread))?.is_none() {
        return Ok(None);
    }
    snapshot.follow(&MESSAGES, &place(thread, seq), BY_ID.name).map(Some)
}

fn place(thread: [u8; 16], seq: u64) -> Vec<u8> {
    key(&[&thread, &seq.to_be_bytes()])
}
