//! An agent that the test runs itself: stopped, let go on and killed whenever the test wants it.
//!
//! For a server with `agents.run: none`, which gives a free seat to whoever says hello first. It runs
//! without tmux around it, because tmux lets a stopped process go on at once.

use std::{
    fs::{self, OpenOptions},
    path::PathBuf,
    process::Child,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use tokio::time::Instant;

use crate::{Server, processes, wait};

/// How long a hello, or the news of a death, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often its window is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// One life of an agent.
#[derive(Debug)]
pub struct ByHand {
    name: String,
    process: Child,
    window: PathBuf,
    /// What earlier lives showed.
    earlier: usize,
}

impl ByHand {
    /// Starts a life and waits until it waits for work.
    ///
    /// # Errors
    /// When the server does not take it in.
    pub async fn start(server: &Server, name: &str) -> anyhow::Result<Self> {
        let window = server.home().root().join(format!("{name}.window"));
        let earlier = fs::read(&window).map_or(0, |shown| shown.len());
        let shown = OpenOptions::new().create(true).append(true).open(&window)?;
        let mut command = server.command(["agent", "run", name]).command();
        command.stdout(shown.try_clone()?).stderr(shown).kill_on_drop(false);
        let process = command.as_std_mut().spawn().context("while starting an agent")?;
        let life = Self { name: name.to_owned(), process, window, earlier };
        let client = server.local()?;
        let is_idle = async || {
            let agent = client.agent(name).await?;
            Ok((agent.pid == Some(life.pid()) && agent.status == "idle").then_some(()))
        };
        let idle = wait::until("an idle agent", PATIENCE, is_idle).await;
        idle.with_context(|| life.shown())?;
        Ok(life)
    }

    /// Returns its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Holds it where it is.
    pub fn stop(&self) {
        processes::kill(self.pid(), Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        processes::kill(self.pid(), Signal::CONT);
    }

    /// Returns what its window has shown in this life.
    #[must_use]
    pub fn shown(&self) -> String {
        let all = fs::read(&self.window).unwrap_or_default();
        String::from_utf8_lossy(all.get(self.earlier..).unwrap_or_default()).into_owned()
    }

    /// Tells whether its window has shown `words` after the first `before` bytes.
    #[must_use]
    pub fn has_shown(&self, words: &str, before: usize) -> bool {
        self.shown().get(before..).is_some_and(|new| new.contains(words))
    }

    /// Waits until its window has shown `words` after the first `before` bytes.
    ///
    /// # Errors
    /// When it does not.
    pub async fn shows(&self, words: &str, before: usize) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        while !self.has_shown(words, before) {
            ensure!(Instant::now() < end, "no {words:?} in its window:\n{}", self.shown());
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        let _killed = self.process.kill();
        let _reaped = self.process.wait();
    }

    /// Waits until the server knows that this one, which was killed, is over.
    ///
    /// # Errors
    /// When it does not come to know it.
    pub async fn is_forgotten(&self, server: &Server) -> anyhow::Result<()> {
        let client = server.local()?;
        let is_free = async || Ok(client.agent(&self.name).await?.pid.is_none().then_some(()));
        wait::until("the seat to be free", PATIENCE, is_free).await
    }

    /// Starts the next life after this one, which was killed.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn again(&mut self, server: &Server) -> anyhow::Result<()> {
        self.is_forgotten(server).await?;
        *self = Self::start(server, &self.name).await?;
        Ok(())
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        self.kill();
    }
}
