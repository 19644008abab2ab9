//! The audit lines this face writes: who did what to which resource, from where. Never a secret,
//! never a person's text. Appends nothing: the line goes into the batch of the change it tells of.

use std::net::IpAddr;

use appliance_core::{
    Actor, AuditEvent, AuditId, AuditOutcome, EventType, IdMint, RiskLevel, UserId, Write,
};

/// One line in the making; everyday and done unless said otherwise.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) event: EventType,
    pub(crate) actor: Actor,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) action: &'static str,
    pub(crate) resource: Option<(&'static str, String)>,
    pub(crate) outcome: AuditOutcome,
    pub(crate) risk: RiskLevel,
}

impl Line {
    /// Starts a line about something `user` did to a record of theirs.
    pub(crate) fn data(user: UserId, ip: Option<IpAddr>, action: &'static str) -> Self {
        Self {
            event: EventType::Data,
            actor: Actor::User(user),
            ip,
            action,
            resource: None,
            outcome: AuditOutcome::Success,
            risk: RiskLevel::Low,
        }
    }

    /// Starts a line about logging in or out.
    pub(crate) fn auth(actor: Actor, ip: Option<IpAddr>, action: &'static str) -> Self {
        let mut line = Self::data(UserId::from_bytes([0; 16]), ip, action);
        line.event = EventType::Auth;
        line.actor = actor;
        line
    }

    /// Names what it was done to.
    pub(crate) fn on(mut self, kind: &'static str, id: &impl ToString) -> Self {
        self.resource = Some((kind, id.to_string()));
        self
    }

    /// Returns the write for a batch.
    pub(crate) fn write(self, mint: &IdMint) -> Write {
        let (resource_type, resource_path) = self.resource.unzip();
        Write::AppendAudit(AuditEvent {
            id: mint.next(AuditId::from_uuid),
            timestamp: mint.clock().now(),
            event_type: self.event,
            actor: self.actor,
            actor_ip: self.ip.map(|ip| ip.to_string()),
            resource_type: resource_type.map(str::to_owned),
            resource_path,
            action: self.action.to_owned(),
            outcome: self.outcome,
            risk_level: self.risk,
        })
    }
}
