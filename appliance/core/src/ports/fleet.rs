//! The role of the fleet: which agents live, who they are, and how a person steers them.

use std::{fmt, os::fd::OwnedFd, sync::Arc};

use async_trait::async_trait;

use crate::{
    AgentName, AgentStatus, Control, Incarnation, StoreError,
    desk::{Beat, Welcome},
};

/// The process at the other end of a local connection, as the kernel vouches for it.
#[derive(Debug, Clone)]
pub struct PeerProcess {
    /// Its process id.
    pub pid: u32,
    /// A pidfd, so that a later process with the same id is not taken for it; `None` only where the
    /// kernel has none (before Linux 5.3).
    pub handle: Option<Arc<OwnedFd>>,
}

/// Why the fleet refuses.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Another live process already is this agent.
    #[error(
        "agent {agent} already runs as process {pid}; stop it first (ai-infra agent stop {agent})"
    )]
    Taken {
        /// Which agent.
        agent: AgentName,
        /// The process that is it.
        pid: u32,
    },
    /// The caller has not said hello, its life has ended, or it is no process of the fleet.
    #[error("process {pid} is no agent of this server")]
    Stranger {
        /// The caller.
        pid: u32,
    },
    /// The terminal or the process could not be steered.
    #[error("while {doing} agent {agent}: {why}")]
    Process {
        /// Which agent.
        agent: AgentName,
        /// What was being done.
        doing: &'static str,
        /// The cause.
        why: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the six agents alive. An agent's seat belongs to one live process, which the kernel vouches
/// for on every connection; what such a process starts is a stranger.
#[async_trait]
pub trait Fleet: fmt::Debug + Send + Sync {
    /// Seats the process as `agent` and begins a new incarnation.
    ///
    /// # Errors
    /// [`FleetError::Stranger`] when it is not the process that was started for this seat;
    /// [`FleetError::Taken`] where agents are run by hand and another live process is this agent.
    async fn hello(&self, peer: &PeerProcess, agent: AgentName) -> Result<Welcome, FleetError>;

    /// Returns who the process is.
    ///
    /// # Errors
    /// [`FleetError::Stranger`] when it is nobody.
    fn who(&self, peer: &PeerProcess) -> Result<Incarnation, FleetError>;

    /// Takes a heartbeat; answers whether the agent should go on (`false`: finish and exit).
    ///
    /// # Errors
    /// [`FleetError::Stranger`] when its life has ended.
    async fn beat(&self, who: Incarnation, beat: Beat) -> Result<bool, FleetError>;

    /// Returns all six, in window order.
    fn list(&self) -> Vec<AgentStatus>;

    /// Starts, stops or restarts an agent; remembered across restarts of the server.
    ///
    /// # Errors
    /// [`FleetError::Process`], [`FleetError::Store`].
    async fn control(&self, agent: AgentName, control: Control) -> Result<AgentStatus, FleetError>;

    /// Returns the last `lines` (at most 1,000) of what the agent's window shows.
    ///
    /// # Errors
    /// [`FleetError::Process`] when it has no window.
    async fn window_text(&self, agent: AgentName, lines: usize) -> Result<String, FleetError>;

    /// Lets go of what all agents' windows show and have shown, because something was purged. What
    /// cannot be cleared is said in the log.
    async fn forget_windows(&self);
}
