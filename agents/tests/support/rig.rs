//! A running fleet of small scripts on a tmux socket of its own.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc, time::Duration};

use agents::fleet::{Parts, RoleSpec, Service, Which, WindowSpec};
use appliance_core::{
    AgentName, AgentState, AgentStatus,
    ports::{Fleet, PeerProcess},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::House;

/// Shows its arguments and stays until it is told to end.
pub const SCRIPT: &str = "#!/bin/sh\necho \"I am $*\"\nwhile :; do sleep 0.05; done\n";

/// A running fleet over a house of its own.
pub struct Rig {
    pub house: Arc<House>,
    pub fleet: Arc<Service>,
    pub stop: CancellationToken,
    pub tmux_socket: PathBuf,
}

impl Rig {
    /// Starts the fleet, or says loudly that it cannot.
    pub async fn start(run: Which) -> Option<Self> {
        Self::start_with(run, SCRIPT).await
    }

    pub async fn start_with(run: Which, script: &str) -> Option<Self> {
        if !tmux_is_here().await {
            return None;
        }
        let house = Arc::new(House::build().await);
        let rig = Self::over(house, run, script).await;
        Some(rig)
    }

    pub async fn over(house: Arc<House>, run: Which, script: &str) -> Self {
        let program = house.dir.path().join("program");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let tmux_socket = house.dir.path().join("tmux.sock");
        let fleet = Service::start(parts(&house, program, tmux_socket.clone(), run)).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(fleet.clone().run(stop.clone()));
        Self { house, fleet, stop, tmux_socket }
    }

    /// Waits until the agent runs as another process than `before`; returns its id.
    pub async fn pid_of(&self, agent: AgentName, before: Option<u32>) -> u32 {
        let lives = |status: &AgentStatus| status.pid.filter(|_| status.pid != before);
        self.wait_for(agent, lives).await
    }

    pub async fn wait_for<T>(
        &self,
        agent: AgentName,
        look: impl Fn(&AgentStatus) -> Option<T>,
    ) -> T {
        soon("a state of an agent", async || {
            let list = self.fleet.list();
            look(list.iter().find(|status| status.name == agent).unwrap())
        })
        .await
    }

    pub async fn wait_for_state(&self, agent: AgentName, state: AgentState) {
        self.wait_for(agent, |status| (status.state == state).then_some(())).await;
    }

    pub async fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = command("tmux");
        command.arg("-S").arg(&self.tmux_socket).args(arguments);
        let output = agents::spawn::output(command).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub async fn end(&self) {
        let cut_off = self.fleet.drain(Duration::from_secs(5)).await;
        self.stop.cancel();
        assert_eq!(cut_off, 0);
    }
}

impl Drop for Rig {
    /// Leaves no tmux server behind when a test fails.
    fn drop(&mut self) {
        let mut end = command("tmux");
        drop(end.arg("-S").arg(&self.tmux_socket).arg("kill-server").output());
    }
}

/// Waits until `look` finds something.
pub async fn soon<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "not in 10 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn parts(house: &House, program: PathBuf, tmux_socket: PathBuf, run: Which) -> Parts {
    let roles = AgentName::ALL.map(|name| RoleSpec {
        name,
        description: format!("does {name} things"),
        prompt: format!("You are {name}."),
    });
    let mut windows: Vec<WindowSpec> = (0..)
        .zip(AgentName::ALL)
        .map(|(index, name)| window(index, name.as_str(), &["agent", "run", name.as_str()]))
        .collect();
    windows.push(window(6, "monitor", &["top"]));
    windows.push(window(7, "logs", &["logs", "-f"]));
    Parts {
        roles: roles.into(),
        session: "ai-infrastructure".to_owned(),
        windows,
        program,
        agent_socket: house.dir.path().join("agent.sock"),
        people_socket: house.dir.path().join("api.sock"),
        tmux_socket,
        data_dir: house.dir.path().to_owned(),
        records: Arc::new(house.store.clone()),
        trail: Arc::new(house.store.clone()),
        streams: Arc::new(house.store.clone()),
        live: house.live.clone(),
        mint: house.mint.clone(),
        model_name: "demo".to_owned(),
        max_tokens: 100,
        concurrency: 16,
        run,
        tasks: appliance_tasks::Tasks::new(),
    }
}

/// Returns a process as the agents' socket would.
pub fn peer(pid: u32) -> PeerProcess {
    let known = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let handle = rustix::process::pidfd_open(known, rustix::process::PidfdFlags::empty());
    PeerProcess { pid, handle: handle.ok().map(Arc::new) }
}

pub fn window(index: u16, name: &str, command: &[&str]) -> WindowSpec {
    let command = command.iter().map(|&word| word.to_owned()).collect();
    WindowSpec { index, name: name.to_owned(), command }
}

#[expect(clippy::disallowed_methods, reason = "the test asks tmux itself")]
pub fn command(program: &str) -> std::process::Command {
    std::process::Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "CI is told by a variable")]
pub async fn tmux_is_here() -> bool {
    let mut version = command("tmux");
    version.arg("-V");
    if agents::spawn::output(version).await.is_ok() {
        return true;
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "tmux is missing, and CI must not skip");
    eprintln!("SKIPPED tmux: it is not installed; apt-get install tmux");
    false
}
