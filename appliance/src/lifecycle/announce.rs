//! Tells the world that the server answers: `serve.json`, the service manager, and the person.
//!
//! The one-time link is printed only where a person reads it (a terminal, or a pipe that is not the
//! journal), never logged.

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use appliance_config::{Settings, paths::RuntimeDir};
use serde::Serialize;

use super::Running;
use crate::{notify, typed};

/// How often [`gone`] looks, and how long it waits in between.
const LOOKS: usize = 6;
const LOOK: Duration = Duration::from_millis(50);

/// What `serve.json` says about the running server.
#[derive(Debug, Clone, Serialize)]
pub struct Card {
    pid: u32,
    version: &'static str,
    listen: String,
    url: String,
    api_socket: String,
    agent_socket: String,
    tmux_socket: String,
    data_dir: String,
    epoch: u64,
}

/// Writes `serve.json`, tells the service manager, and prints the address.
pub async fn ready(
    settings: &Settings,
    runtime: &RuntimeDir,
    running: &Running,
    card: &Card,
) -> anyhow::Result<()> {
    card.write(runtime)?;
    notify::ready(&format!("listening on {}", running.address));
    tracing::info!(event = "ready", address = %running.address, "ready");
    print_welcome(settings, running, link(running).await.as_deref());
    Ok(())
}

/// Removes what was in the runtime directory, and it too once it is empty; a crash leaves it, and
/// the next start replaces what is there. Looks again for what somebody who is ending had in hand
/// meanwhile; blocks for a third of a second at most.
pub fn gone(runtime: &RuntimeDir) {
    for _ in 0..LOOKS {
        clear(runtime);
        let _ = fs::remove_dir(runtime.path()); // the service manager's is its own to remove
        if fs::read_dir(runtime.path()).map_or(true, |mut found| found.next().is_none()) {
            return;
        }
        thread::sleep(LOOK);
    }
    tracing::warn!(place = %runtime.path().display(), "stays: there is something of others in it");
}

fn clear(runtime: &RuntimeDir) {
    let _ = fs::remove_file(runtime.card());
    let _ = fs::remove_file(runtime.people_key());
    for socket in [runtime.api_socket(), runtime.agent_socket()].into_iter().flatten() {
        let _ = fs::remove_file(socket);
    }
    // tmux leaves its socket behind; one that answers is somebody's.
    if let Ok(socket) = runtime.tmux_socket()
        && UnixStream::connect(&socket).is_err()
    {
        let _ = fs::remove_file(socket);
    }
}

impl Card {
    /// Describes what runs.
    pub fn of(
        settings: &Settings,
        runtime: &RuntimeDir,
        running: &Running,
        epoch: u64,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION"),
            listen: running.address.to_string(),
            url: running.base_url.clone(),
            api_socket: runtime.api_socket()?.display().to_string(),
            agent_socket: runtime.agent_socket()?.display().to_string(),
            tmux_socket: runtime.tmux_socket()?.display().to_string(),
            data_dir: settings.data.dir.display().to_string(),
            epoch,
        })
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, runtime: &RuntimeDir) -> anyhow::Result<()> {
        let path = runtime.card();
        let bytes = serde_json::to_vec_pretty(self)?;
        appliance_files::make_way(&path)
            .and_then(|()| appliance_files::replace(&path, &bytes))
            .with_context(|| format!("while writing {}", path.display()))
    }

    /// Tells whether the file says this.
    pub fn stands(&self, runtime: &RuntimeDir) -> bool {
        let held = appliance_files::read(&runtime.card());
        let said = serde_json::to_vec_pretty(self);
        held.is_ok_and(|held| said.is_ok_and(|said| held == said))
    }
}

/// A link for whoever reads standard output, while nobody is set up.
async fn link(running: &Running) -> Option<String> {
    if !running.needs_setup || !read_by_a_person() {
        return None;
    }
    let minted =
        web_api::setup::mint_link(&running.store, &running.mint, running.owner, &running.base_url);
    match minted.await {
        Ok(link) => Some(link.url),
        Err(error) => {
            tracing::warn!(%error, "no set-up link was made; `ai-infra setup-link` makes one");
            None
        }
    }
}

fn print_welcome(settings: &Settings, running: &Running, link: Option<&str>) {
    let with = typed::leads(settings);
    let mut text = format!("ai-infra {} is ready\n\n", env!("CARGO_PKG_VERSION"));
    text.push_str(&format!("  portal   {}\n", running.base_url));
    if let Some(link) = link {
        text.push_str(&format!("  set up   {link}\n           good once, for one hour\n"));
    }
    text.push_str(&format!("  chat     ai-infra{with} chat\n"));
    text.push_str(&format!("  agents   ai-infra{with} agent attach supervisor\n"));
    if io::stdout().is_terminal() {
        text.push_str("\nCtrl+C stops it.\n");
    }
    // A closed pipe is no reason to stop serving.
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

/// Tells whether standard output is a terminal, or a pipe that is not the journal's: anywhere else
/// a link would be kept and shown around.
fn read_by_a_person() -> bool {
    let piped = rustix::fs::fstat(io::stdout())
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_fifo());
    io::stdout().is_terminal() || (piped && !in_journal())
}

/// systemd names the device and inode of the stream it connected in `JOURNAL_STREAM`.
#[expect(clippy::disallowed_methods, reason = "about this process's own output, not a setting")]
fn in_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(io::stdout())
        .is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}
