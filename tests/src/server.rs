//! The real server, started in a home of its own and ended without a trace.
//!
//! A [`Plan`] says how; [`Server`] is the running process. Killing, restarting and its tmux server
//! are here too. It never touches a process it did not start.
//!
//! Invariant: dropping a [`Server`] ends it with SIGTERM, checks that it exits with 0 within the
//! drain time, and sweeps up whatever of its home still runs.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
    time::Duration,
};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};
use web_dto::AgentView;

use crate::{
    Client,
    home::{Home, ServeJson},
    processes,
    program::{Ended, Program},
    wait,
};

/// How long a start may take, on a busy two-core machine with a debug build.
const START: Duration = Duration::from_secs(60);

/// The drain time (30 s) and a little.
const STOP: Duration = Duration::from_secs(35);

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Plan {
    binary: PathBuf,
    model: &'static str,
    agents: &'static str,
    environment: Vec<(String, String)>,
    /// The program that starts it, if it is not the test.
    under: &'static [&'static str],
}

impl Plan {
    /// Plans `serve` with the demo model, unpaced, and no agents.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let (binary, environment) = (binary.into(), Vec::new());
        let plan = Self { binary, model: "demo", agents: "none", environment, under: &[] };
        plan.words_per_second(0)
    }

    /// Brings all six agents up.
    #[must_use]
    pub fn with_agents(mut self) -> Self {
        self.agents = "all";
        self
    }

    /// Takes the Messages API at `base_url` with `key` instead of the demo model.
    #[must_use]
    pub fn anthropic(mut self, base_url: &str, key: &str) -> Self {
        self.model = "anthropic";
        self.variable("ANTHROPIC_BASE_URL", base_url).variable("ANTHROPIC_API_KEY", key)
    }

    /// Paces the demo model; 0 lets it run.
    #[must_use]
    pub fn words_per_second(self, words: u32) -> Self {
        self.variable("AI_INFRA__MODEL__DEMO_WORDS_PER_SECOND", &words.to_string())
    }

    /// Sets a variable, replacing an earlier one of the same name.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has another program start it and become it, such as `nohup`.
    #[must_use]
    pub fn under(self, other: &'static [&'static str]) -> Self {
        Self { under: other, ..self }
    }

    /// Starts the server in a new home and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up; the error ends with its log.
    pub async fn start(self) -> anyhow::Result<Server> {
        self.start_in(Home::new()?).await
    }

    /// Starts the server in `home` and waits until it is ready.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_in(self, home: Home) -> anyhow::Result<Server> {
        let mut server = Server { plan: self, home, child: None, facts: None, runtime: None };
        server.start().await?;
        Ok(server)
    }

    /// Returns a run of `serve` in `home` that is expected to fail, or to be steered by hand.
    #[must_use]
    pub fn program(&self, home: &Home) -> Program {
        let data = home.data().display().to_string();
        let program = Program::new(&self.binary, home).environment(self.environment.clone());
        let program = program.arguments([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            &data,
            "--model",
            self.model,
            "--agents",
            self.agents,
        ]);
        program.under(self.under)
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    plan: Plan,
    home: Home,
    child: Option<Child>,
    facts: Option<ServeJson>,
    /// Where its sockets are; outlives a killed process, so that what it left can be swept up.
    runtime: Option<PathBuf>,
}

impl Server {
    /// Returns the home.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Returns the process id of this life.
    ///
    /// # Errors
    /// When it is not running.
    pub fn pid(&self) -> anyhow::Result<u32> {
        Ok(self.facts()?.pid)
    }

    /// Returns what the server wrote about itself when it was ready.
    ///
    /// # Errors
    /// When it is not running.
    pub fn facts(&self) -> anyhow::Result<&ServeJson> {
        self.facts.as_ref().context("the server is not running")
    }

    /// Returns a client over the local socket, which acts as the first user.
    ///
    /// # Errors
    /// When the server is not running.
    pub fn local(&self) -> anyhow::Result<Client> {
        Client::local(&self.facts()?.api_socket)
    }

    /// Returns a client over TCP that is nobody yet.
    ///
    /// # Errors
    /// When the server is not running.
    pub fn stranger(&self) -> anyhow::Result<Client> {
        Client::tcp(&self.facts()?.listen)
    }

    /// Sets the first user up through a new link and returns a client over TCP logged in as them.
    ///
    /// # Errors
    /// When the set-up is refused.
    pub async fn first_user(&self, email: &str, password: &str) -> anyhow::Result<Client> {
        let link = self.local()?.setup_link().await?;
        let token = link.url.split_once("#t=").context("the link has no token")?.1.to_owned();
        self.stranger()?.set_up(&token, email, password).await
    }

    /// Returns a run of `ai-infra` in this home.
    #[must_use]
    pub fn command<I: Into<String>>(&self, arguments: impl IntoIterator<Item = I>) -> Program {
        Program::new(&self.plan.binary, &self.home).arguments(arguments)
    }

    /// Runs tmux on the server's own socket.
    ///
    /// # Errors
    /// When tmux fails or there is no tmux server.
    pub async fn tmux(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let socket = self.facts()?.tmux_socket.clone().context("this server has no tmux")?;
        tmux(&self.home, &socket, arguments).await?.success().map(|ended| ended.stdout)
    }

    /// Waits until all six agents have said hello and wait for work, and returns them.
    ///
    /// # Errors
    /// When they are not all there within a minute.
    pub async fn agents_idle(&self) -> anyhow::Result<Vec<AgentView>> {
        let client = self.local()?;
        let found = wait::until("six idle agents", START, async || {
            let agents = client.agents().await?;
            let idle = agents.len() == 6 && agents.iter().all(|agent| agent.status == "idle");
            Ok(idle.then_some(agents))
        });
        found.await.with_context(|| format!("log:\n{}", self.log_tail()))
    }

    /// Changes a variable for the next life.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.plan = self.plan.clone().variable(name, value);
    }

    /// Kills the process at once, as a power cut for it alone; its agents are left to themselves.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill9(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server is not running")?;
        child.kill().context("while killing the server")?;
        child.wait().context("while waiting for the killed server")?;
        self.facts = None;
        Ok(())
    }

    /// Ends the process with SIGTERM and returns how it ended and how long that took.
    ///
    /// # Errors
    /// When it is still there after the drain time and 5 s.
    pub async fn terminate(&mut self) -> anyhow::Result<(ExitStatus, Duration)> {
        let mut child = self.child.take().context("the server is not running")?;
        processes::kill(child.id(), Signal::TERM);
        let began = Instant::now();
        let ended = wait::until("the server's end", STOP, async || Ok(child.try_wait()?)).await;
        if ended.is_err() {
            child.kill().context("while killing a server that would not end")?;
        }
        self.facts = None;
        let status = ended.with_context(|| format!("log:\n{}", self.log_tail()))?;
        Ok((status, began.elapsed()))
    }

    /// Tells it to end and, while it drains, once more; returns how it ended.
    ///
    /// # Errors
    /// When it does not begin to drain, or is still there after the drain time.
    pub async fn terminate_twice(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.take().context("the server is not running")?;
        processes::kill(child.id(), Signal::TERM);
        let drains = async || Ok(self.home.log_text().contains("told to stop").then_some(()));
        wait::until("the drain's begin", STOP, drains).await?;
        processes::kill(child.id(), Signal::TERM);
        let ended = wait::until("the server's end", STOP, async || Ok(child.try_wait()?)).await;
        self.facts = None;
        ended.with_context(|| format!("log:\n{}", self.log_tail()))
    }

    /// Waits until the process has ended by itself and returns how, and how long that took.
    ///
    /// # Errors
    /// When it is still there after the drain time and 5 s.
    pub async fn ended(&mut self) -> anyhow::Result<(ExitStatus, Duration)> {
        let child = self.child.as_mut().context("the server is not running")?;
        let began = Instant::now();
        let status = wait::until("its own end", STOP, async || Ok(child.try_wait()?)).await;
        let status = status.with_context(|| format!("log:\n{}", self.log_tail()))?;
        (self.child, self.facts) = (None, None);
        Ok((status, began.elapsed()))
    }

    /// Ends it if it runs, checks that it ended with 0, and starts it again.
    ///
    /// # Errors
    /// When it ends badly or does not come up again.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        if self.child.is_some() {
            self.stop().await?;
        }
        self.start().await
    }

    /// Ends it with SIGTERM and checks that it ended with 0.
    ///
    /// # Errors
    /// When it ends badly.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let (status, _) = self.terminate().await?;
        if !status.success() {
            bail!("the server ended with {status} after SIGTERM; log:\n{}", self.log_tail());
        }
        Ok(())
    }

    /// Starts it in its home and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up; the error ends with its log.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let mut command = self.plan.program(&self.home).command();
        let log = OpenOptions::new().create(true).append(true).open(self.home.log());
        let log = log.context("while opening the server's log")?;
        command.stdout(log.try_clone()?).stderr(log).kill_on_drop(false);
        let child = command.as_std_mut().spawn().context("while starting the server")?;
        let pid = child.id();
        self.child = Some(child);
        self.facts = Some(self.ready(pid).await.with_context(|| {
            format!("while waiting for the server; log:\n{}", self.home.log_text())
        })?);
        Ok(())
    }

    /// Returns the last part of the log, for error messages.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = self.home.log_text();
        text[text.floor_char_boundary(text.len().saturating_sub(6_000))..].to_owned()
    }

    async fn ready(&mut self, pid: u32) -> anyhow::Result<ServeJson> {
        let end = Instant::now() + START;
        while Instant::now() < end {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().transpose())
            {
                self.child = None;
                bail!("the server ended with {} before it was ready", status?);
            }
            if let Some((runtime, facts)) = self.home.serve_json(pid)
                && Client::tcp(&facts.listen)?.get_status("/api/health/ready").await.ok()
                    == Some(200)
            {
                self.runtime = Some(runtime);
                return Ok(facts);
            }
            sleep(Duration::from_millis(5)).await;
        }
        bail!("the server was not ready within {START:?}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.take().map(end);
        let runtime = self.runtime.take();
        if let Some(runtime) = &runtime {
            kill_tmux(&self.home, &runtime.join("tmux.sock"));
        }
        processes::sweep(self.home.root());
        if let Some(runtime) = &runtime {
            processes::sweep(runtime);
            let _gone_already = std::fs::remove_dir_all(runtime);
        }
        let is_well = ended.is_none_or(|code| code == Some(0));
        if std::thread::panicking() || !is_well {
            eprintln!("the server's log ends with:\n{}", self.log_tail());
        }
        if std::thread::panicking() {
            return;
        }
        if let Some(code) = ended {
            assert!(code == Some(0), "the server ended with {code:?} after SIGTERM, not with 0");
        }
    }
}

/// Ends the process with SIGTERM, or with SIGKILL when it does not go; returns its exit code.
fn end(mut child: Child) -> Option<i32> {
    const LOOKS: u32 = 350;
    processes::kill(child.id(), Signal::TERM);
    for _ in 0..LOOKS {
        if let Ok(Some(status)) = child.try_wait() {
            return status.code();
        }
        std::thread::sleep(STOP / LOOKS);
    }
    let _killed = child.kill();
    let _reaped = child.wait();
    None
}

async fn tmux(home: &Home, socket: &Path, arguments: &[&str]) -> anyhow::Result<Ended> {
    tmux_program(home, socket).arguments(arguments.iter().copied()).run().await
}

fn kill_tmux(home: &Home, socket: &Path) {
    if !socket.exists() {
        return;
    }
    let mut command = tmux_program(home, socket).arguments(["kill-server"]).command();
    let _no_server = command.as_std_mut().output();
}

fn tmux_program(home: &Home, socket: &Path) -> Program {
    Program::bare(Path::new("/usr/bin/tmux"))
        .environment(home.environment())
        .arguments(["-S", &socket.display().to_string()])
}
