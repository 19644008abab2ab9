//! One archived memory: everything it takes to index it again without `state.redb`.
//!
//! How it stands (its utility, whether it is pinned) is not in here: that changes, and a segment does
//! not.

use appliance_core::{
    AgentName, ConversationId, Labels, Memory, MemoryId, MemoryKind, MessageId, Outcome, Phase,
    Provenance, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use storage_rules::{
    codes::{Code, UnknownCode, optional},
    memories::Head,
};

/// The model that a memory was found by when it was archived, and the length of its vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Embedder {
    /// The model's name.
    pub model: String,
    /// The length of its vectors.
    pub dim: u32,
}

/// A memory in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColdRecord {
    /// Which.
    pub id: MemoryId,
    /// Whose.
    pub owner: UserId,
    /// How it came to be.
    pub kind: MemoryKind,
    /// Where it came from.
    pub provenance: Provenance,
    /// What its collection sorts it by.
    pub labels: Labels,
    /// When it was said.
    pub created_at: Timestamp,
    /// What it was found by, where that is known.
    pub embedder: Option<Embedder>,
    /// The text, byte for byte.
    pub text: String,
}

impl ColdRecord {
    /// Makes the record of a stored memory.
    pub fn of(head: Head, text: String, embedder: Option<Embedder>) -> Self {
        let Head { id, owner, kind, provenance, labels, created_at, .. } = head;
        Self { id, owner, kind, provenance, labels, created_at, embedder, text }
    }

    /// Makes the record of a memory that no store has to hold.
    pub fn of_memory(memory: &Memory) -> Self {
        Self {
            id: memory.id,
            owner: memory.owner,
            kind: memory.kind,
            provenance: memory.provenance.clone(),
            labels: memory.labels.clone(),
            created_at: memory.created_at,
            embedder: None,
            text: memory.text.clone(),
        }
    }

    /// Returns the memory as a new one, as it begins.
    pub fn into_memory(self) -> Memory {
        let Self { id, owner, kind, provenance, labels, created_at, text, .. } = self;
        Memory { labels, ..Memory::new(id, owner, kind, text, provenance, created_at) }
    }

    /// Returns the frozen form.
    pub fn freeze(&self) -> RecordV1 {
        let Provenance { conversation_id, message_id, agent, author, untrusted } =
            self.provenance.clone();
        let Labels { phase, outcome, source, domain } = self.labels.clone();
        RecordV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            kind: self.kind.code(),
            conversation_id: conversation_id.map(|id| id.bytes()),
            message_id: message_id.map(|id| id.bytes()),
            agent: agent.map(Code::code),
            author,
            untrusted,
            phase: phase.map(Code::code),
            outcome: outcome.map(Code::code),
            source,
            domain,
            created_at: self.created_at.unix_micros(),
            embedder: self.embedder.clone().map(|it| (it.model, it.dim)),
            text: self.text.clone(),
        }
    }

    /// Rebuilds the record.
    pub fn thaw(frozen: RecordV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: MemoryId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            kind: MemoryKind::from_code(frozen.kind)?,
            provenance: Provenance {
                conversation_id: frozen.conversation_id.map(ConversationId::from_bytes),
                message_id: frozen.message_id.map(MessageId::from_bytes),
                agent: optional::<AgentName>(frozen.agent)?,
                author: frozen.author,
                untrusted: frozen.untrusted,
            },
            labels: Labels {
                phase: optional::<Phase>(frozen.phase)?,
                outcome: optional::<Outcome>(frozen.outcome)?,
                source: frozen.source,
                domain: frozen.domain,
            },
            created_at: Timestamp::from_unix_micros(frozen.created_at),
            embedder: frozen.embedder.map(|(model, dim)| Embedder { model, dim }),
            text: frozen.text,
        })
    }
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecordV1 {
    id: [u8; 16],
    owner: [u8; 16],
    kind: u8,
    conversation_id: Option<[u8; 16]>,
    message_id: Option<[u8; 16]>,
    agent: Option<u8>,
    author: Option<String>,
    untrusted: Option<String>,
    phase: Option<u8>,
    outcome: Option<u8>,
    source: Option<String>,
    domain: Option<String>,
    created_at: i64,
    embedder: Option<(String, u32)>,
    text: String,
}
