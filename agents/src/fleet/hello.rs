//! Hellos and heartbeats: how a process becomes an agent and stays one.
//!
//! Does not start or end processes. One that nobody started, such as an agent run by hand, is taken
//! in when its place is free, and is watched from then on like any other.

use appliance_core::{
    AgentName, Incarnation, IncarnationId,
    desk::{Beat, Welcome},
    ports::FleetError,
};

use super::{Process, Service, roster::Life};

impl Service {
    pub(super) async fn welcome(&self, pid: u32, agent: AgentName) -> Result<Welcome, FleetError> {
        let (id, earlier) = self.enrol(pid, agent)?;
        if let Some(earlier) = earlier {
            self.parts.streams.release(earlier).await?;
        }
        let prompt = self.role(agent).map(|role| role.prompt.clone()).unwrap_or_default();
        tracing::info!(%agent, pid, incarnation = %id, "an agent said hello");
        Ok(Welcome {
            incarnation: id,
            prompt,
            workers: self.cards(),
            model: self.parts.model_name.clone(),
            max_tokens: self.parts.max_tokens,
        })
    }

    /// Notes who the process is; returns its new incarnation and the one it had before, if it
    /// says hello for the second time.
    fn enrol(
        &self,
        pid: u32,
        agent: AgentName,
    ) -> Result<(IncarnationId, Option<Incarnation>), FleetError> {
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        if roster.slots.iter().any(|slot| slot.agent != Some(agent) && slot.pid() == Some(pid)) {
            return Err(FleetError::Stranger { pid }); // it is another agent already
        }
        let Some(slot) = roster.of(agent) else { return Err(FleetError::Stranger { pid }) };
        let earlier = slot.incarnation();
        match slot.pid() {
            Some(other) if other != pid => return Err(FleetError::Taken { agent, pid: other }),
            Some(_) => {}
            None => {
                let process = Process::open(pid).map_err(|_| FleetError::Stranger { pid })?;
                slot.life = Some(Life::new(process, now, self.clock().now()));
                slot.policy.started(now);
                self.wake.notify_one();
            }
        }
        let id = self.parts.mint.next(IncarnationId::from_uuid);
        if let Some(life) = &mut slot.life {
            life.greet(id, now);
        }
        self.show(slot);
        Ok((id, earlier))
    }

    pub(super) fn take_beat(&self, who: Incarnation, beat: &Beat) -> Result<bool, FleetError> {
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        let draining = roster.draining;
        let Some(slot) = roster.of(who.agent) else { return Err(FleetError::Stranger { pid: 0 }) };
        if slot.incarnation() != Some(who) {
            return Err(FleetError::Stranger { pid: slot.pid().unwrap_or_default() });
        }
        slot.policy.settle(now);
        let changed = slot.life.as_mut().is_some_and(|life| life.beat(beat, now));
        if changed {
            self.show(slot);
        }
        Ok(!draining && slot.told_to_end.is_none())
    }
}
