//! Memories: the texts that every index is derived from, in the order they were put.

use appliance_core::{
    ConversationId, Memory, MemoryId, MemoryKind, MemoryTier, MessageId, Page, PageRequest,
    Provenance, StoreError, Timestamp, UserId,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{self, Place},
    draft::Draft,
    fault::Fault,
    records::{
        OP, Refusal,
        codes::{Code, UnknownCode, optional},
        conflict,
        counters::next,
        users,
    },
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: memory sequence, 8 bytes big endian. Value: [`MemoryV2`], or
/// [`MemoryV1`] where an earlier version wrote it.
pub(crate) const MEMORIES: Rows<Memory> = Rows::new("memories.v1");

/// Key: memory id, 16 bytes. Value: memory sequence.
pub(crate) const BY_ID: Rows<u64> = Rows::new("memories_by_id.v1");

/// Key: owner, 16 bytes; memory sequence, 8 bytes big endian. Value: memory sequence.
pub(crate) const BY_OWNER: Rows<u64> = Rows::new("memories_by_owner.v1");

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct MemoryV1 {
    id: [u8; 16],
    owner: [u8; 16],
    seq: u64,
    text: String,
    kind: u8,
    tier: u8,
    conversation_id: Option<[u8; 16]>,
    message_id: Option<[u8; 16]>,
    agent: Option<u8>,
    created_at: i64,
}

/// The frozen form, version 2: who said it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct MemoryV2 {
    before: MemoryV1,
    author: Option<String>,
}

impl Record for Memory {
    type Frozen = MemoryV2;
    const VERSION: u8 = 2;

    fn freeze(&self) -> MemoryV2 {
        let before = MemoryV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            seq: self.seq,
            text: self.text.clone(),
            kind: self.kind.code(),
            tier: self.tier.code(),
            conversation_id: self.provenance.conversation_id.map(|id| id.bytes()),
            message_id: self.provenance.message_id.map(|id| id.bytes()),
            agent: self.provenance.agent.map(Code::code),
            created_at: self.created_at.unix_micros(),
        };
        MemoryV2 { before, author: self.provenance.author.clone() }
    }

    fn thaw(frozen: MemoryV2) -> Result<Self, UnknownCode> {
        let MemoryV2 { before, author } = frozen;
        Ok(Self {
            id: MemoryId::from_bytes(before.id),
            owner: UserId::from_bytes(before.owner),
            seq: before.seq,
            text: before.text,
            kind: MemoryKind::from_code(before.kind)?,
            tier: MemoryTier::from_code(before.tier)?,
            provenance: Provenance {
                conversation_id: before.conversation_id.map(ConversationId::from_bytes),
                message_id: before.message_id.map(MessageId::from_bytes),
                agent: optional(before.agent)?,
                author,
            },
            created_at: Timestamp::from_unix_micros(before.created_at),
        })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<MemoryV1>(place, 1, sealed)?;
            Ok(Self::thaw(MemoryV2 { before, author: None })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }
}

/// Remembers; an existing id of the same owner is replaced. Returns the sequence it got.
pub(crate) fn put(draft: &mut Draft<'_, '_>, memory: &Memory) -> Result<u64, Refusal> {
    let id = memory.id.bytes();
    draft.counters.note(id);
    if memory.text.len() > MAX_MEMORY_BYTES {
        return Err(too_large(memory.text.len()));
    }
    let author = memory.provenance.author.as_deref().unwrap_or_default();
    if author.len() > MAX_AUTHOR_BYTES {
        return Err(author_too_large(author.len()));
    }
    users::require(draft, memory.owner)?;
    if let Some(before) = draft.get(&BY_ID, &id)? {
        let old = draft.follow(&MEMORIES, &before.to_be_bytes(), BY_ID.name)?;
        if old.owner != memory.owner {
            return Err(conflict(format!("memory {} belongs to another user", memory.id)));
        }
        draft.delete(&MEMORIES, &before.to_be_bytes());
        draft.delete(&BY_OWNER, &key(&[&old.owner.bytes(), &before.to_be_bytes()]));
    }
    let seq = next(&mut draft.counters.memory);
    let at = seq.to_be_bytes();
    draft.put(&BY_ID, &id, &seq)?;
    draft.put(&BY_OWNER, &key(&[&memory.owner.bytes(), &at]), &seq)?;
    draft.put(&MEMORIES, &at, &Memory { seq, ..memory.clone() })?;
    Ok(seq)
}

/// Returns the memory if `owner` has it.
pub(crate) fn get(
    snapshot: &Snapshot,
    owner: UserId,
    id: MemoryId,
) -> Result<Option<Memory>, Fault> {
    let Some(seq) = snapshot.get(&BY_ID, &id.bytes())? else { return Ok(None) };
    let memory = snapshot.follow(&MEMORIES, &seq.to_be_bytes(), BY_ID.name)?;
    Ok(Some(memory).filter(|memory| memory.owner == owner))
}

/// Returns memories of `owner`, newest first.
pub(crate) fn list(
    snapshot: &Snapshot,
    owner: UserId,
    page: PageRequest,
) -> Result<Page<Memory>, Fault> {
    snapshot.newest_first(&BY_OWNER, &owner.bytes(), page, |seq| {
        snapshot.follow(&MEMORIES, &seq.to_be_bytes(), BY_OWNER.name).map(Some)
    })
}

/// Returns up to `limit` memories of all owners above `after`, ascending.
pub(crate) fn since(snapshot: &Snapshot, after: u64, limit: usize) -> Result<Vec<Memory>, Fault> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    snapshot.ascend(&MEMORIES, &[], after, |_, memory| {
        found.push(memory);
        Ok(found.len() < limit)
    })?;
    Ok(found)
}

fn too_large(bytes: usize) -> Refusal {
    let why = format!("memory is {bytes} bytes, one may have {MAX_MEMORY_BYTES}");
    Refusal::Batch(StoreError::new(appliance_core::ErrorKind::TooLarge, OP, why))
}

fn author_too_large(bytes: usize) -> Refusal {
    let why = format!("author's name is {bytes} bytes, one may have {MAX_AUTHOR_BYTES}");
    Refusal::Batch(StoreError::new(appliance_core::ErrorKind::TooLarge, OP, why))
}
