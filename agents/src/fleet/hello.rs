//! Hellos and heartbeats: how a process takes its seat and keeps it.
//!
//! Does not start or end processes. Only the process that the fleet started for a seat may take it;
//! where agents are run by hand (`agents.run: none`) a free seat goes to whoever asks first, and that
//! process is watched from then on like any other.

use std::time::Duration;

use appliance_core::{
    AgentName, Incarnation, IncarnationId,
    desk::{Beat, Welcome},
    ports::{FleetError, PeerProcess},
};

use super::{
    Process, Service, Which,
    roster::{Life, Slot},
};

/// How long a hello waits for the word of which process was started.
const FILLED_WITHIN: Duration = Duration::from_secs(10);

impl Service {
    pub(super) async fn welcome(
        &self,
        peer: &PeerProcess,
        agent: AgentName,
    ) -> Result<Welcome, FleetError> {
        // When it never comes, the process is a stranger and is told so.
        let _ = tokio::time::timeout(FILLED_WITHIN, self.filled(agent)).await;
        let (id, earlier) = self.enrol(peer, agent)?;
        if let Some(earlier) = earlier {
            self.parts.streams.release(earlier).await?;
        }
        let prompt = self.role(agent).map(|role| role.prompt.clone()).unwrap_or_default();
        tracing::info!(%agent, pid = peer.pid, incarnation = %id, "an agent said hello");
        Ok(Welcome {
            incarnation: id,
            prompt,
            workers: self.cards(),
            model: self.parts.model_name.clone(),
            max_tokens: self.parts.max_tokens,
            concurrency: self.parts.concurrency,
        })
    }

    /// Waits while a process is being started for the seat: it may say hello before its id is here.
    async fn filled(&self, agent: AgentName) {
        loop {
            let filled = self.filled.notified();
            if !self.roster().of(agent).is_some_and(|slot| slot.starting) {
                return;
            }
            filled.await;
        }
    }

    /// Notes who the process is; returns its new incarnation and the one it had before, if it
    /// says hello for the second time.
    fn enrol(
        &self,
        peer: &PeerProcess,
        agent: AgentName,
    ) -> Result<(IncarnationId, Option<Incarnation>), FleetError> {
        let stranger = || FleetError::Stranger { pid: peer.pid };
        let now = self.clock().monotonic();
        let mut roster = self.roster();
        if roster.slots.iter().any(|slot| slot.agent != Some(agent) && slot.is(peer)) {
            return Err(stranger()); // it has another seat already
        }
        let slot = roster.of(agent).ok_or_else(stranger)?;
        let earlier = slot.incarnation();
        if !slot.is(peer) {
            slot.life = Some(self.by_hand(slot, peer, agent)?);
            slot.policy.started(now);
            self.wake.notify_one();
        }
        let id = self.parts.mint.next(IncarnationId::from_uuid);
        if let Some(life) = &mut slot.life {
            life.greet(id, now);
        }
        self.show(slot);
        Ok((id, earlier))
    }

    /// Takes in a process that the fleet did not start.
    fn by_hand(
        &self,
        slot: &Slot,
        peer: &PeerProcess,
        agent: AgentName,
    ) -> Result<Life, FleetError> {
        let stranger = FleetError::Stranger { pid: peer.pid };
        if self.parts.run != Which::None {
            return Err(stranger);
        }
        if let Some(pid) = slot.pid() {
            return Err(FleetError::Taken { agent, pid });
        }
        let process = Process::of(peer).map_err(|_| stranger)?;
        Ok(Life::new(process, self.clock().monotonic(), self.clock().now()))
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
