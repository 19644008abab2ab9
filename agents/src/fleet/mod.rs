//! The fleet: keeps the six agents alive in their windows and knows who each process is.
//!
//! An agent's seat belongs to the live process that the fleet holds by its pidfd; who connects is the
//! kernel's word, and nothing a process says about itself is believed. Hands out no work (the desk
//! does), but when an agent dies its leases fall at once, so that its work is delivered again. See
//! [`Service::run`] for the watchdog.
//!
//! Invariant: at most one live process is each agent, and none is two.

mod children;
mod control;
mod drain;
mod hello;
mod looks;
mod process;
mod program;
mod restart;
mod roster;
mod set_up;
mod terminal;
mod tmux;
mod watchdog;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use appliance_core::{
    AgentName, AgentStatus, Clock, Control, EventBody, IdMint, Incarnation, Topic,
    desk::{Beat, Welcome, WorkerCard},
    ports::{AuditTrail, Fleet, FleetError, Live, PeerProcess, Records, Streams},
};
use appliance_tasks::Tasks;
use async_trait::async_trait;
use tokio::sync::Notify;

pub use self::set_up::SetUpError;
use self::{process::Process, program::Program, roster::Slot, terminal::Terminal};

/// What an agent is.
#[derive(Debug, Clone)]
pub struct RoleSpec {
    /// Its name.
    pub name: AgentName,
    /// What it is for, a few sentences; routing compares messages with this text.
    pub description: String,
    /// Its prompt, Markdown.
    pub prompt: String,
}

/// What runs in a window.
#[derive(Debug, Clone)]
pub struct WindowSpec {
    /// The window's number.
    pub index: u16,
    /// The window's name.
    pub name: String,
    /// Arguments to our own program; `--socket PATH` is added.
    pub command: Vec<String>,
}

/// Which windows are started with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that the operator has not stopped.
    All,
    /// None: agents are run by hand.
    None,
}

/// What the fleet works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The six roles.
    pub roles: Vec<RoleSpec>,
    /// The session's name.
    pub session: String,
    /// The windows, in order.
    pub windows: Vec<WindowSpec>,
    /// Our own program.
    pub program: PathBuf,
    /// The socket that agents speak to.
    pub agent_socket: PathBuf,
    /// The socket that the other windows speak to, as a person does.
    pub people_socket: PathBuf,
    /// The socket of our own tmux server.
    pub tmux_socket: PathBuf,
    /// Where logs go when there is no tmux.
    pub data_dir: PathBuf,
    /// Changes records.
    pub records: Arc<dyn Records>,
    /// Knows what the operator decided.
    pub trail: Arc<dyn AuditTrail>,
    /// Where a dead agent's leases fall.
    pub streams: Arc<dyn Streams>,
    /// Shows what happens.
    pub live: Arc<dyn Live>,
    /// Makes ids.
    pub mint: IdMint,
    /// The model that agents are told to name.
    pub model_name: String,
    /// Most tokens an answer may have.
    pub max_tokens: u32,
    /// Most tasks that one agent works on at a time.
    pub concurrency: usize,
    /// What to start.
    pub run: Which,
    /// Where its tasks run.
    pub tasks: Tasks,
}

/// The fleet; implements the port [`Fleet`].
#[derive(Debug)]
pub struct Service {
    parts: Parts,
    program: Arc<Program>,
    terminal: Arc<dyn Terminal>,
    roster: Mutex<Roster>,
    /// Wakes the watchdog.
    wake: Notify,
    /// Tells that a process that was being started is known, or was not started.
    filled: Notify,
}

#[derive(Debug)]
struct Roster {
    slots: Vec<Slot>,
    draining: bool,
}

impl Service {
    fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> &dyn Clock {
        self.parts.mint.clock().as_ref()
    }

    fn role(&self, agent: AgentName) -> Option<&RoleSpec> {
        self.parts.roles.iter().find(|role| role.name == agent)
    }

    fn cards(&self) -> Vec<WorkerCard> {
        let workers = AgentName::WORKERS.into_iter().filter_map(|name| self.role(name));
        workers
            .map(|role| WorkerCard { name: role.name, description: role.description.clone() })
            .collect()
    }

    fn status_of(&self, slot: &Slot) -> Option<AgentStatus> {
        let mut status = slot.status(self.clock().monotonic(), self.terminal.attach(&slot.run))?;
        if self.parts.run == Which::None && status.pid.is_none() {
            status.problem.get_or_insert_with(|| by_hand(status.name));
        }
        Some(status)
    }

    /// Shows one agent as it stands now.
    fn show(&self, slot: &Slot) {
        if let Some(status) = self.status_of(slot) {
            self.parts.live.publish(Topic::Agents, EventBody::Agent(status));
        }
    }
}

/// Says why nothing happens where agents are run by hand.
fn by_hand(agent: AgentName) -> String {
    format!(
        "this server starts no agents (`agents.run` is `none`); run it yourself with \
         `ai-infra agent run {agent}`"
    )
}

impl Roster {
    fn of(&mut self, agent: AgentName) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.agent == Some(agent))
    }
}

#[async_trait]
impl Fleet for Service {
    async fn hello(&self, peer: &PeerProcess, agent: AgentName) -> Result<Welcome, FleetError> {
        self.welcome(peer, agent).await
    }

    fn who(&self, peer: &PeerProcess) -> Result<Incarnation, FleetError> {
        let roster = self.roster();
        let slot = roster.slots.iter().find(|slot| slot.is(peer));
        slot.and_then(Slot::incarnation).ok_or(FleetError::Stranger { pid: peer.pid })
    }

    async fn beat(&self, who: Incarnation, beat: Beat) -> Result<bool, FleetError> {
        self.take_beat(who, &beat)
    }

    fn list(&self) -> Vec<AgentStatus> {
        self.roster().slots.iter().filter_map(|slot| self.status_of(slot)).collect()
    }

    async fn control(&self, agent: AgentName, control: Control) -> Result<AgentStatus, FleetError> {
        self.steer(agent, control).await
    }

    async fn window_text(&self, agent: AgentName, lines: usize) -> Result<String, FleetError> {
        let run = self.roster().of(agent).map(|slot| slot.run.clone());
        let fault =
            |why: String| FleetError::Process { agent, doing: "reading the window of", why };
        let run = run.ok_or_else(|| fault("it has none".to_owned()))?;
        let lines = lines.clamp(1, 1_000);
        self.terminal.text(&run, lines).await.map_err(|why| fault(why.to_string()))
    }

    async fn forget_windows(&self) {
        let runs: Vec<_> = {
            let roster = self.roster();
            let started =
                roster.slots.iter().filter(|slot| slot.agent.is_some() && slot.life.is_some());
            started.map(|slot| slot.run.clone()).collect()
        };
        for run in runs {
            if let Err(why) = self.terminal.forget(&run).await {
                let window = &run.name;
                tracing::warn!(event = "degraded", window, %why, "a window still shows what was purged");
            }
        }
    }
}
