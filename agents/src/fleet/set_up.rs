//! Setting up: the slots out of roles and windows, and the terminal that fits this host.
//!
//! Starts no agent yet; the watchdog does. A host without tmux gets plain children, and the log
//! says so.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use appliance_core::AgentName;
use tokio::sync::Notify;

use super::{
    Parts, Roster, Service, Which, WindowSpec,
    children::PlainChildren,
    program::Program,
    roster::Slot,
    terminal::{Run, Terminal},
    tmux::TmuxSession,
};

/// Longest path a unix socket may have here; the kernel's own limit is 107 bytes.
const MAX_SOCKET_PATH: usize = 100;

/// Why the fleet cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A socket's path does not fit.
    #[error(
        "socket path {path} has {bytes} bytes, at most {MAX_SOCKET_PATH} work; \
         choose a shorter runtime directory"
    )]
    SocketPath {
        /// The path.
        path: String,
        /// Its length.
        bytes: usize,
    },
    /// The program cannot be held open.
    #[error("while opening the program {path}, to start agents from it: {source}")]
    Program {
        /// Its file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A role has no definition.
    #[error("agent {0} has no role; every one of the six needs one in agents.yaml")]
    NoRole(AgentName),
    /// The records cannot be read.
    #[error(transparent)]
    Store(#[from] appliance_core::StoreError),
}

impl Service {
    /// Sets the fleet up; nothing runs before [`run`](Self::run).
    ///
    /// # Errors
    /// As [`SetUpError`] tells.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, SetUpError> {
        check_socket(&parts.agent_socket)?;
        check_socket(&parts.people_socket)?;
        check_socket(&parts.tmux_socket)?;
        let program = Arc::new(hold(&parts)?);
        let mut slots = slots(&parts)?;
        for slot in &mut slots {
            slot.wanted = parts.run == Which::All && is_wanted(&parts, slot.agent).await?;
        }
        let terminal = terminal(&parts).await;
        let roster = Mutex::new(Roster { slots, draining: false });
        let (wake, filled) = (Notify::new(), Notify::new());
        Ok(Arc::new(Self { parts, program, terminal, roster, wake, filled }))
    }
}

async fn is_wanted(parts: &Parts, agent: Option<AgentName>) -> Result<bool, SetUpError> {
    match agent {
        Some(agent) => Ok(parts.trail.agent_wanted(agent).await?),
        None => Ok(true),
    }
}

fn hold(parts: &Parts) -> Result<Program, SetUpError> {
    let spare = parts.data_dir.join("run").join("ai-infra");
    Program::hold(parts.program.clone(), spare)
        .map_err(|source| SetUpError::Program { path: parts.program.clone(), source })
}

fn check_socket(path: &Path) -> Result<(), SetUpError> {
    let bytes = path.as_os_str().len();
    if bytes <= MAX_SOCKET_PATH {
        return Ok(());
    }
    Err(SetUpError::SocketPath { path: path.display().to_string(), bytes })
}

async fn terminal(parts: &Parts) -> Arc<dyn Terminal> {
    let tmux = TmuxSession::new(parts.tmux_socket.clone(), parts.session.clone());
    let why = match tmux.open().await {
        Ok(()) => return Arc::new(tmux),
        Err(fault) => fault,
    };
    tracing::warn!(
        event = "degraded", %why,
        "agents run as plain children without windows; install tmux to watch them"
    );
    let children = PlainChildren::new(parts.data_dir.join("logs"), parts.tasks.clone());
    if let Err(fault) = children.open().await {
        tracing::error!(%fault, "cannot make the folder for the agents' logs");
    }
    Arc::new(children)
}

/// One slot an agent, in window order, then the windows that only show something.
fn slots(parts: &Parts) -> Result<Vec<Slot>, SetUpError> {
    let mut slots = Vec::new();
    for (position, agent) in (0_u16..).zip(AgentName::ALL) {
        let role = parts.roles.iter().find(|role| role.name == agent);
        let role = role.ok_or(SetUpError::NoRole(agent))?;
        let window = parts.windows.iter().find(|window| runs(window) == Some(agent));
        let window = window.cloned().unwrap_or_else(|| default_window(position, agent));
        slots.push(Slot::new(run(parts, &window), Some(agent), role.description.clone()));
    }
    let others = parts.windows.iter().filter(|window| runs(window).is_none());
    slots.extend(others.map(|window| Slot::new(run(parts, window), None, String::new())));
    Ok(slots)
}

/// Returns the agent that a window runs, if it runs one.
fn runs(window: &WindowSpec) -> Option<AgentName> {
    match window.command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["agent", "run", name] => name.parse().ok(),
        _ => None,
    }
}

fn default_window(index: u16, agent: AgentName) -> WindowSpec {
    let command = ["agent", "run", agent.as_str()].map(str::to_owned).into();
    WindowSpec { index, name: agent.to_string(), command }
}

fn run(parts: &Parts, window: &WindowSpec) -> Run {
    let mut argv: Vec<OsString> = vec![parts.program.clone().into()];
    argv.extend(window.command.iter().map(OsString::from));
    let agent = runs(window).is_some();
    let socket = if agent { &parts.agent_socket } else { &parts.people_socket };
    argv.extend(["--socket".into(), socket.into()]);
    Run { index: window.index, name: window.name.clone(), argv }
}
