//! Messages, byte for byte, in the order of the conversation: as the person's came in, each answer right
//! behind its question, whenever it is written. None is ever changed, but emptied by a purge.
//!
//! Invariant: the sequence after a question's is kept for its answer, so that no page that was read
//! changes but by an answer that comes to stand in it.

use std::collections::BTreeSet;

use appliance_core::{
    AgentName, Citation, Conflict, ConversationId, CutOff, MemoryId, Message, MessageId, Page,
    PageRequest, Role, TaskId, Thing, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::{Code, UnknownCode, optional},
    conversations,
    entity::{IdShape, Key, Keyed, Kind, Rule, key, trailing_seq},
    fault::conflict,
    view::{Read as _, Span, View},
    walk,
};

/// Id: conversation id, 16 bytes; sequence, 8 bytes big endian.
pub static MESSAGES: Kind =
    Kind { name: "messages.v1", id: IdShape::Numbered, keys: &[&BY_ID, &BY_CITED] };

/// Place: message id, 16 bytes.
pub static BY_ID: Key = Key::new("messages_by_id.v1", Rule::Unique);

/// Place: a memory that it cites or leans on, 16 bytes; conversation id, 16 bytes; sequence, 8 bytes
/// big endian.
pub static BY_CITED: Key = Key::new("messages_by_cited.v1", Rule::Ordered);

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct MessageV1 {
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

/// The frozen form, version 2: what it leans on is kept.
#[derive(Serialize, Deserialize)]
pub struct MessageV2 {
    before: MessageV1,
    leans_on: Vec<[u8; 16]>,
}

/// The frozen form, version 3: why it is not whole is kept.
#[derive(Serialize, Deserialize)]
pub struct MessageV3 {
    before: MessageV2,
    cut_off: Option<u8>,
}

/// The frozen form of a citation, version 1.
#[derive(Serialize, Deserialize)]
pub struct CitationV1 {
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

impl Entity for Message {
    type Frozen = MessageV3;
    const KIND: &'static Kind = &MESSAGES;
    const VERSION: u8 = 3;

    fn freeze(&self) -> MessageV3 {
        let leans_on = self.leans_on.iter().map(MemoryId::bytes).collect();
        let before = MessageV2 { before: MessageV1::from(self), leans_on };
        MessageV3 { before, cut_off: self.cut_off.map(Code::code) }
    }

    fn thaw(_id: &[u8], frozen: MessageV3) -> Result<Self, UnknownCode> {
        let cut_off = optional::<CutOff>(frozen.cut_off)?;
        Ok(Self { cut_off, ..Self::try_from(frozen.before)? })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = |version: &u8| {
            Ok(match *version {
                1 => Self::try_from(codec::open::<MessageV1>(place, 1, sealed)?)?,
                _ => Self::try_from(codec::open::<MessageV2>(place, 2, sealed)?)?,
            })
        };
        sealed.first().filter(|version| matches!(version, 1 | 2)).map(read)
    }

    fn id(&self) -> Vec<u8> {
        key(&[&self.conversation_id.bytes(), &self.seq.to_be_bytes()])
    }

    fn keys(&self) -> Vec<Keyed> {
        let cited = self.citations.iter().map(|it| it.memory_id);
        let holds: BTreeSet<MemoryId> = cited.chain(self.leans_on.iter().copied()).collect();
        let place = Entity::id(self);
        let mut keys = vec![BY_ID.at(&[&self.id.bytes()])];
        keys.extend(holds.iter().map(|memory| BY_CITED.at(&[&memory.bytes(), &place])));
        keys
    }
}

impl From<&Message> for MessageV1 {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.bytes(),
            conversation_id: message.conversation_id.bytes(),
            seq: message.seq,
            role: message.role.code(),
            content: message.content.clone(),
            agent: message.agent.map(Code::code),
            parent_message_id: message.parent_message_id.map(|id| id.bytes()),
            task_id: message.task_id.map(|id| id.bytes()),
            citations: message.citations.iter().map(CitationV1::from).collect(),
            model: message.model.clone(),
            created_at: message.created_at.unix_micros(),
        }
    }
}

impl TryFrom<MessageV1> for Message {
    type Error = UnknownCode;

    fn try_from(frozen: MessageV1) -> Result<Self, UnknownCode> {
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
            leans_on: Vec::new(),
            cut_off: None,
            model: frozen.model,
            created_at: Timestamp::from_unix_micros(frozen.created_at),
        })
    }
}

impl TryFrom<MessageV2> for Message {
    type Error = UnknownCode;

    fn try_from(frozen: MessageV2) -> Result<Self, UnknownCode> {
        let leans_on = frozen.leans_on.into_iter().map(MemoryId::from_bytes).collect();
        Ok(Self { leans_on, ..Self::try_from(frozen.before)? })
    }
}

/// Puts a message into its conversation, an answer behind its question and anything else at the end;
/// returns the sequence it got.
pub fn append(draft: &mut Draft<'_>, message: &Message) -> Result<u64, Refusal> {
    let id = message.id.bytes();
    draft.counters.note(id);
    if draft.view().find(&MESSAGES, &BY_ID, &id)?.is_some() {
        return Err(conflict(Conflict::Exists(Thing::Message(message.id))));
    }
    let kept = kept_for(draft, message)?;
    let mut seq = conversations::take_in(draft, message, kept)?;
    let thread = message.conversation_id;
    if draft.has::<Message>(&key(&[&thread.bytes(), &seq.to_be_bytes()]))? {
        let newest = draft.view().rows(&MESSAGES, &Span::newest(&thread.bytes(), None), 1)?;
        let last = newest.first().map_or(seq, |(id, _)| trailing_seq(id));
        seq = conversations::count_on(draft, message, last)?;
    }
    draft.replace(None, &Message { seq, ..message.clone() })?;
    Ok(seq)
}

/// Returns the sequence behind the question that a message answers, if nothing stands there. (Questions
/// of before have none kept.)
fn kept_for(draft: &Draft<'_>, message: &Message) -> Result<Option<u64>, Refusal> {
    let Some(asked) = message.parent_message_id else { return Ok(None) };
    let thread = message.conversation_id.bytes();
    // Its row may be one that cannot be read; where it stands is enough.
    let question = draft.view().find(&MESSAGES, &BY_ID, &asked.bytes())?;
    let Some(question) = question.filter(|it| it.starts_with(&thread)) else { return Ok(None) };
    let kept = trailing_seq(&question).saturating_add(1);
    let is_taken = draft.has::<Message>(&key(&[&thread, &kept.to_be_bytes()]))?;
    Ok((!is_taken).then_some(kept))
}

/// Returns messages of a thread, newest first; empty if `owner` has no such thread.
pub fn list(
    view: &dyn View,
    owner: UserId,
    id: ConversationId,
    page: PageRequest,
) -> Result<Page<Message>, Fault> {
    if conversations::get(view, owner, id)?.is_none() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let walk = view.walk::<Message>(Span::newest(&id.bytes(), page.after));
    walk::page(walk, page, |message| Ok(Some(message)))
}

/// Returns one message if `owner` has its conversation.
pub fn get(view: &dyn View, owner: UserId, id: MessageId) -> Result<Option<Message>, Fault> {
    let Some(message) = view.by::<Message>(&BY_ID, &id.bytes())? else { return Ok(None) };
    let thread = conversations::get(view, owner, message.conversation_id)?;
    Ok(thread.map(|_| message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_every_version_reads_as_it_was_written() {
        let message = Message {
            id: MessageId::from_bytes([1; 16]),
            conversation_id: ConversationId::from_bytes([2; 16]),
            seq: 3,
            role: Role::Assistant,
            content: "half an".to_owned(),
            agent: Some(AgentName::Qa),
            parent_message_id: None,
            task_id: None,
            citations: Vec::new(),
            leans_on: vec![MemoryId::from_bytes([4; 16])],
            cut_off: Some(CutOff::FellSilent),
            model: Some("m".to_owned()),
            created_at: Timestamp::from_unix_micros(5),
        };
        let id = Entity::id(&message);
        let place = Place { table: MESSAGES.name, key: &id };
        let before = |message: &Message| message.freeze().before;
        let second = codec::seal(place, 2, &before(&message)).unwrap();
        let first = codec::seal(place, 1, &before(&message).before).unwrap();
        let read = |sealed: &[u8]| Message::thaw_older(place, sealed).unwrap().unwrap();
        let whole = Message { cut_off: None, ..message.clone() };
        assert_eq!(read(&second), whole);
        assert_eq!(read(&first), Message { leans_on: Vec::new(), ..whole });
        assert_eq!(Message::thaw(&id, message.freeze()).unwrap(), message);
    }
}
