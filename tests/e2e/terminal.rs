//! Small terminals: what a person sees in a real tmux of 80x24 and of 40x10.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use appliance_tests::{Plan, Server, skip, wait};
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_ai-infra");

const SOON: Duration = Duration::from_secs(30);

const AGENTS: [&str; 6] = ["supervisor", "code", "data", "infra", "research", "qa"];

/// A person's terminal: a tmux of its own, outside the server's.
struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Has a command of ours run in a terminal of this size.
    async fn start(server: &Server, size: (u16, u16), words: &[&str]) -> anyhow::Result<Self> {
        let socket = server.home().root().join(format!("term-{}", words.concat()));
        let terminal = Self { socket };
        let ours = server.command(words.iter().copied()).command();
        let ours = ours.as_std();
        let mut tmux = terminal.tmux();
        tmux.args([
            "new-session",
            "-d",
            "-x",
            &size.0.to_string(),
            "-y",
            &size.1.to_string(),
            "--",
        ]);
        tmux.arg(ours.get_program()).args(ours.get_args());
        tmux.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let done = tmux.env("TERM", "screen-256color").output().await?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Ok(terminal)
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(&self.socket).args(["-f", "/dev/null"]).stdin(Stdio::null());
        tmux
    }

    /// What stands on the screen, row by row.
    async fn rows(&self) -> anyhow::Result<Vec<String>> {
        let seen = self.tmux().args(["capture-pane", "-p"]).output().await?;
        Ok(String::from_utf8_lossy(&seen.stdout).lines().map(str::to_owned).collect())
    }

    /// Waits until the screen is as `right` says; returns it.
    async fn shows(&self, what: &str, right: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let mut last = String::new();
        let seen = wait::until(what, SOON, async || {
            last = self.rows().await?.join("\n");
            Ok(right(&last).then(|| last.clone()))
        })
        .await;
        seen.with_context(|| format!("the screen:\n{last}"))
    }

    async fn types(&self, keys: &[&str]) -> anyhow::Result<()> {
        self.tmux().arg("send-keys").args(keys).output().await?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut end = std::process::Command::new("tmux");
        // It may have ended with the command in it.
        let _ = end.arg("-S").arg(&self.socket).arg("kill-server").stderr(Stdio::null()).status();
    }
}

async fn begin() -> anyhow::Result<Option<Server>> {
    if Command::new("tmux").arg("-V").output().await.is_err() {
        skip::loudly("small terminals", "tmux is not installed")?;
        return Ok(None);
    }
    let server = Plan::new(BINARY).with_agents().start().await?;
    server.agents_idle().await?;
    Ok(Some(server))
}

/// Whether every agent has a row that begins with its name, in their order.
fn has_all_agents(screen: &str) -> bool {
    let rows = screen.lines().filter_map(|row| AGENTS.iter().find(|name| row.starts_with(**name)));
    rows.copied().eq(AGENTS)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_window_is_attached_to_and_fits_into_80_columns() -> anyhow::Result<()> {
    let Some(server) = begin().await? else { return Ok(()) };
    let terminal = Terminal::start(&server, (80, 24), &["agent", "attach", "monitor"]).await?;
    let list = [
        "0 supervisor",
        "1 code",
        "2 data",
        "3 infra",
        "4 research",
        "5 qa",
        "6 monitor",
        "7 logs",
    ];
    let is_whole = |screen: &str| {
        let last = screen.lines().last().unwrap_or_default();
        list.iter().all(|window| last.contains(window))
    };
    let screen = terminal
        .shows("the monitor and the list of windows", |screen| {
            has_all_agents(screen) && screen.contains("server: ok") && is_whole(screen)
        })
        .await?;
    ensure!(screen.lines().count() == 24, "{screen}");
    println!("{screen}");
    for (index, name) in AGENTS.iter().enumerate() {
        terminal.types(&["C-b", &index.to_string()]).await?;
        let heading = name.to_uppercase();
        let shows = |screen: &str| screen.contains(&heading) && is_whole(screen);
        let screen = terminal.shows(&format!("the window of {name}"), shows).await?;
        println!("{screen}");
    }
    terminal.types(&["C-b", "7"]).await?;
    let screen = terminal.shows("the log", |screen| screen.contains("INFO")).await?;
    println!("{screen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_are_seen_in_40_columns_and_10_rows() -> anyhow::Result<()> {
    let Some(server) = begin().await? else { return Ok(()) };
    let terminal = Terminal::start(&server, (40, 10), &["top"]).await?;
    let right = |screen: &str| {
        has_all_agents(screen) && screen.contains("server: ok") && screen.contains("q quits")
    };
    let screen = terminal.shows("the agents", right).await?;
    ensure!(screen.starts_with("AGENT"), "nothing has scrolled off:\n{screen}");
    println!("{screen}");
    let small = Terminal::start(&server, (40, 10), &["agent", "attach", "logs"]).await?;
    small.shows("the log", |screen| screen.contains("INFO")).await?;
    small.types(&["C-b", "6"]).await?;
    let list = |screen: &str| {
        let last = screen.lines().last().unwrap_or_default();
        last.contains("6 monitor") && (0..8).all(|index| last.contains(&format!(" {index}")))
    };
    let screen = small.shows("the list of windows", list).await?;
    println!("{screen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_not_there_is_refused_by_name() -> anyhow::Result<()> {
    let Some(server) = begin().await? else { return Ok(()) };
    for window in ["monitor", "logs", "code"] {
        let told = server.command(["agent", "attach", window]).run().await?.success()?;
        ensure!(told.stdout.starts_with("tmux -S "), "{told:?}");
    }
    let refused = server.command(["agent", "attach", "cellar"]).run().await?;
    ensure!(refused.code == Some(2), "{refused:?}");
    ensure!(refused.stderr.contains("cellar") && refused.stderr.contains("monitor"), "{refused:?}");
    Ok(())
}
