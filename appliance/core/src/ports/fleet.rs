//! The role of the fleet: which agents live, who they are, and how a person steers them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    AgentName, AgentStatus, Control, Incarnation, StoreError,
    desk::{Beat, Welcome},
};

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
    /// The caller has not said hello, or its life has ended.
    #[error("process {pid} is no agent of this server; say hello first")]
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

/// Keeps the six agents alive. An agent is known by its process id, which the kernel vouches for.
#[async_trait]
pub trait Fleet: fmt::Debug + Send + Sync {
    /// Takes a process in as `agent` and begins a new incarnation.
    ///
    /// # Errors
    /// [`FleetError::Taken`] while another live process is this agent.
    async fn hello(&self, pid: u32, agent: AgentName) -> Result<Welcome, FleetError>;

    /// Returns who the process is.
    ///
    /// # Errors
    /// [`FleetError::Stranger`] when it is nobody.
    fn who(&self, pid: u32) -> Result<Incarnation, FleetError>;

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
}
