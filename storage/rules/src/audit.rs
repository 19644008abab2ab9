//! The audit trail: appended, never changed, ordered by the store's sequence.

use appliance_core::{
    Actor, AgentName, AuditEvent, AuditId, AuditOutcome, EventType, Page, PageRequest, RiskLevel,
    Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::{Code, UnknownCode},
    counters::next,
    entity::{IdShape, Kind, trailing_seq},
    view::{Read as _, Span, View},
    walk,
};

/// Id: audit sequence, 8 bytes big endian.
pub static TRAIL: Kind = Kind { name: "audit.v1", id: IdShape::Number, keys: &[] };

/// An event and its place in the trail.
#[derive(Debug)]
struct Entry {
    seq: u64,
    event: AuditEvent,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
struct AuditV1 {
    id: [u8; 16],
    timestamp: i64,
    event_type: u8,
    actor: ActorV1,
    actor_ip: Option<String>,
    resource_type: Option<String>,
    resource_path: Option<String>,
    action: String,
    outcome: u8,
    risk_level: u8,
}

/// The frozen form, version 2: a resource that is an id takes an id's bytes.
#[derive(Serialize, Deserialize)]
struct AuditV2 {
    before: AuditV1,
    resource: Option<[u8; 16]>,
}

/// The frozen form of an actor, version 1.
#[derive(Serialize, Deserialize)]
enum ActorV1 {
    User([u8; 16]),
    Agent(u8),
    System,
    Anonymous,
}

impl From<&Actor> for ActorV1 {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::User(id) => Self::User(id.bytes()),
            Actor::Agent(name) => Self::Agent(name.code()),
            Actor::System => Self::System,
            Actor::Anonymous => Self::Anonymous,
        }
    }
}

impl TryFrom<ActorV1> for Actor {
    type Error = UnknownCode;

    fn try_from(frozen: ActorV1) -> Result<Self, UnknownCode> {
        Ok(match frozen {
            ActorV1::User(id) => Self::User(UserId::from_bytes(id)),
            ActorV1::Agent(name) => Self::Agent(AgentName::from_code(name)?),
            ActorV1::System => Self::System,
            ActorV1::Anonymous => Self::Anonymous,
        })
    }
}

impl Entity for Entry {
    type Frozen = AuditV2;
    const KIND: &'static Kind = &TRAIL;
    const VERSION: u8 = 2;

    fn freeze(&self) -> AuditV2 {
        let event = self.event.clone();
        let resource = event.resource_path.as_deref().and_then(id_in);
        let before = AuditV1 {
            id: event.id.bytes(),
            timestamp: event.timestamp.unix_micros(),
            event_type: event.event_type.code(),
            actor: ActorV1::from(&event.actor),
            actor_ip: event.actor_ip,
            resource_type: event.resource_type,
            resource_path: event.resource_path.filter(|_| resource.is_none()),
            action: event.action,
            outcome: event.outcome.code(),
            risk_level: event.risk_level.code(),
        };
        AuditV2 { before, resource }
    }

    fn thaw(id: &[u8], frozen: AuditV2) -> Result<Self, UnknownCode> {
        let AuditV2 { before: frozen, resource } = frozen;
        let resource = resource.map(|id| AuditId::from_bytes(id).to_string());
        let event = AuditEvent {
            id: AuditId::from_bytes(frozen.id),
            timestamp: Timestamp::from_unix_micros(frozen.timestamp),
            event_type: EventType::from_code(frozen.event_type)?,
            actor: Actor::try_from(frozen.actor)?,
            actor_ip: frozen.actor_ip,
            resource_type: frozen.resource_type,
            resource_path: resource.or(frozen.resource_path),
            action: frozen.action,
            outcome: AuditOutcome::from_code(frozen.outcome)?,
            risk_level: RiskLevel::from_code(frozen.risk_level)?,
        };
        Ok(Self { seq: trailing_seq(id), event })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open(place, 1, sealed)?;
            Ok(Self::thaw(place.key, AuditV2 { before, resource: None })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        self.seq.to_be_bytes().to_vec()
    }
}

/// Returns the id that a path is, if it is written as ids are and nothing else.
fn id_in(path: &str) -> Option<[u8; 16]> {
    let id: AuditId = path.parse().ok()?;
    (id.to_string() == path).then(|| id.bytes())
}

/// Appends; returns the sequence it got.
pub fn append(draft: &mut Draft<'_>, event: &AuditEvent) -> Result<u64, Refusal> {
    draft.counters.note(event.id.bytes());
    let seq = next(&mut draft.counters.audit);
    draft.put(&Entry { seq, event: event.clone() })?;
    Ok(seq)
}

/// Returns events, newest first.
pub fn list(view: &dyn View, page: PageRequest) -> Result<Page<AuditEvent>, Fault> {
    let walk = view.walk::<Entry>(Span::newest(&[], page.after));
    walk::page(walk, page, |row| Ok(Some(row.event)))
}
