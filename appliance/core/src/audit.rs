//! One line of the audit trail, as the plan's `audit_logs` has it. Append-only; writes nothing.

use serde::{Deserialize, Serialize};

use crate::{AgentName, AuditId, Timestamp, UserId};

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// Log-in, log-out, set-up, refusal.
    Auth,
    /// A record was read, made or changed.
    Data,
    /// An agent was started, stopped or did something.
    Agent,
    /// A setting or the appliance itself changed.
    System,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// An agent.
    Agent(AgentName),
    /// The appliance.
    System,
    /// Somebody not logged in.
    Anonymous,
}

/// Whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Success,
    /// Tried and failed.
    Failure,
    /// Refused.
    Denied,
}

/// How much harm it could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Everyday.
    Low,
    /// Worth a look.
    Medium,
    /// Look now.
    High,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Identity.
    pub id: AuditId,
    /// When it happened; order comes from the store's sequence, not from this.
    pub timestamp: Timestamp,
    /// What sort of thing.
    pub event_type: EventType,
    /// Who.
    pub actor: Actor,
    /// From where, for requests over the network.
    pub actor_ip: Option<String>,
    /// What sort of thing it was done to, such as `conversation`.
    pub resource_type: Option<String>,
    /// Which one, as a path or an id; never a secret, never a person's text.
    pub resource_path: Option<String>,
    /// What was done, such as `message.post`.
    pub action: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// How much harm it could do.
    pub risk_level: RiskLevel,
}
