//! A memory's row as it lies in the file, version by version. None of them ever changes.

use appliance_core::{
    AgentName, ConversationId, Labels, MemoryId, MemoryKind, MemoryTier, MessageId, Outcome, Phase,
    Provenance, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::{
    BY_FORM, BY_ID, BY_OWNER, BY_SEGMENT, BY_THREAD, Body, Head, MEMORIES, MemoryRow, Spot, counts,
    sameness,
};
use crate::{
    Entity, Fault,
    codec::{self, Place},
    codes::{Code, UnknownCode, optional},
    entity::{Keyed, Kind},
    stretch::{Stretch, StretchV1},
};

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct MemoryV1 {
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
pub struct MemoryV2 {
    before: MemoryV1,
    author: Option<String>,
}

/// The frozen form, version 3: labels, and a text that may be away; the tier is in
/// [`StandV1`](super::stand::StandV1).
#[derive(Serialize, Deserialize)]
pub struct MemoryV3 {
    id: [u8; 16],
    owner: [u8; 16],
    seq: u64,
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
    form: [u8; 32],
    body: BodyV3,
}

/// The frozen form of a text or its place, version 3.
#[derive(Serialize, Deserialize)]
pub enum BodyV3 {
    /// The text.
    Here(String),
    /// Its place in the archive.
    Archived {
        /// The file.
        segment: u64,
        /// The block in it.
        block: u32,
        /// The text in that.
        slot: u32,
    },
}

/// The frozen form, version 4: a text that its message says is kept as where it stands there.
#[derive(Serialize, Deserialize)]
pub struct MemoryV4 {
    before: MemoryV3,
    said: Option<StretchV1>,
}

impl Entity for MemoryRow {
    type Frozen = MemoryV4;
    const KIND: &'static Kind = &MEMORIES;
    const VERSION: u8 = 4;

    fn freeze(&self) -> MemoryV4 {
        let Head { id, owner, seq, kind, provenance, labels, created_at, form } = self.head.clone();
        let (body, said) = match self.body.clone() {
            Body::Here(text) => (BodyV3::Here(text), None),
            Body::Said(stretch) => (BodyV3::Here(String::new()), Some(stretch.freeze())),
            Body::Archived(Spot { segment, block, slot }) => {
                (BodyV3::Archived { segment, block, slot }, None)
            }
        };
        let before = MemoryV3 {
            id: id.bytes(),
            owner: owner.bytes(),
            seq,
            kind: kind.code(),
            conversation_id: provenance.conversation_id.map(|id| id.bytes()),
            message_id: provenance.message_id.map(|id| id.bytes()),
            agent: provenance.agent.map(Code::code),
            author: provenance.author,
            untrusted: provenance.untrusted,
            phase: labels.phase.map(Code::code),
            outcome: labels.outcome.map(Code::code),
            source: labels.source,
            domain: labels.domain,
            created_at: created_at.unix_micros(),
            form,
            body,
        };
        MemoryV4 { before, said }
    }

    fn thaw(_id: &[u8], frozen: MemoryV4) -> Result<Self, UnknownCode> {
        let MemoryV4 { before: frozen, said } = frozen;
        let head = Head {
            id: MemoryId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            seq: frozen.seq,
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
            form: frozen.form,
        };
        let body = match (frozen.body, said) {
            (BodyV3::Here(_), Some(said)) => Body::Said(Stretch::thaw(said)),
            (BodyV3::Here(text), None) => Body::Here(text),
            (BodyV3::Archived { segment, block, slot }, _) => {
                Body::Archived(Spot { segment, block, slot })
            }
        };
        Ok(Self { head, body })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let third = || {
            let before = codec::open(place, 3, sealed)?;
            Ok(Self::thaw(place.key, MemoryV4 { before, said: None })?)
        };
        match sealed.first() {
            Some(3) => Some(third()),
            _ => older(place, sealed).map(|read| read.map(|(row, _)| row)),
        }
    }

    fn id(&self) -> Vec<u8> {
        self.head.seq.to_be_bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        let (head, seq) = (&self.head, self.head.seq.to_be_bytes());
        let mut keys =
            vec![BY_ID.at(&[&head.id.bytes()]), BY_OWNER.at(&[&head.owner.bytes(), &seq])];
        keys.push(BY_FORM.at(&[&head.form_place(), &seq]));
        let thread = head.provenance.conversation_id;
        keys.extend(thread.map(|thread| BY_THREAD.at(&[&thread.bytes(), &seq])));
        if let Body::Archived(Spot { segment, .. }) = &self.body {
            keys.push(BY_SEGMENT.at(&[&segment.to_be_bytes(), &seq]));
            keys.push(counts::within(*segment));
        }
        keys
    }
}

/// Reads a row of version 1 or 2, with the tier it had there; `None` for any other version.
pub fn older(place: Place<'_>, sealed: &[u8]) -> Option<Result<(MemoryRow, MemoryTier), Fault>> {
    let read = || match sealed.first() {
        Some(1) => Ok(MemoryV2 { before: codec::open(place, 1, sealed)?, author: None }),
        _ => codec::open::<MemoryV2>(place, 2, sealed),
    };
    matches!(sealed.first(), Some(1 | 2)).then(|| Ok(from_before(read()?)?))
}

fn from_before(frozen: MemoryV2) -> Result<(MemoryRow, MemoryTier), UnknownCode> {
    let MemoryV2 { before, author } = frozen;
    let kind = MemoryKind::from_code(before.kind)?;
    let provenance = Provenance {
        conversation_id: before.conversation_id.map(ConversationId::from_bytes),
        message_id: before.message_id.map(MessageId::from_bytes),
        agent: optional(before.agent)?,
        author,
        untrusted: None,
    };
    let form = sameness::digest(kind, &provenance, &before.text);
    let head = Head {
        id: MemoryId::from_bytes(before.id),
        owner: UserId::from_bytes(before.owner),
        seq: before.seq,
        kind,
        provenance,
        labels: Labels::default(),
        created_at: Timestamp::from_unix_micros(before.created_at),
        form,
    };
    let row = MemoryRow { head, body: Body::Here(before.text) };
    Ok((row, MemoryTier::from_code(before.tier)?))
}
