//! Steering by a person: start, stop, restart. Remembered, so that it holds after a restart too.
//!
//! Answers at once; the watchdog does what was decided.

use appliance_core::{
    Actor, AgentName, AgentStatus, AuditEvent, AuditOutcome, Batch, Control, EventType, RiskLevel,
    Write, ids::AuditId, ports::FleetError,
};

use super::Service;

impl Service {
    pub(super) async fn steer(
        &self,
        agent: AgentName,
        control: Control,
    ) -> Result<AgentStatus, FleetError> {
        let wanted = control != Control::Stop;
        let batch = Batch::new()
            .write(Write::PutAgentWanted { agent, wanted })
            .write(Write::AppendAudit(self.audited(agent, control)));
        self.parts.records.apply(batch).await?;
        let status = self.decide(agent, control);
        self.wake.notify_one();
        status.ok_or_else(|| FleetError::Process {
            agent,
            doing: "steering",
            why: "it has no place in the fleet".to_owned(),
        })
    }

    fn decide(&self, agent: AgentName, control: Control) -> Option<AgentStatus> {
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        let slot = roster.of(agent)?;
        slot.wanted = control != Control::Stop;
        if control != Control::Start {
            slot.tell_to_end(now);
        }
        if slot.life.is_none() {
            slot.policy.reset();
            slot.problem = None;
        }
        self.show(slot);
        self.status_of(slot)
    }

    fn audited(&self, agent: AgentName, control: Control) -> AuditEvent {
        let action = match control {
            Control::Start => "agent.start",
            Control::Stop => "agent.stop",
            Control::Restart => "agent.restart",
        };
        AuditEvent {
            id: self.parts.mint.next(AuditId::from_uuid),
            timestamp: self.clock().now(),
            event_type: EventType::Agent,
            actor: Actor::System,
            actor_ip: None,
            resource_type: Some("agent".to_owned()),
            resource_path: Some(agent.to_string()),
            action: action.to_owned(),
            outcome: AuditOutcome::Success,
            risk_level: RiskLevel::Medium,
        }
    }
}
