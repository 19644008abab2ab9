//! Keeps what is in the runtime directory standing: sockets, the people's key, `serve.json`.
//!
//! A log-out that clears the directory, or a hand, may take them away while the server runs: they are
//! made again within a second, and whoever is connected stays. Where that cannot be, because the
//! place itself is gone or somebody else's, the server says so and ends. tmux' socket is the fleet's.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use appliance_config::paths::RuntimeDir;
use appliance_tasks::{TaskKind, Tasks};
use axum::Router;
use secrecy::SecretString;
use tokio::{
    net::UnixListener,
    time::{Instant, sleep},
};
use web_api::edge::{self, Door, Limits};

use super::{announce::Card, people_key, sockets};

/// Serves one door; without it nobody comes in.
pub const DOOR: TaskKind = TaskKind::new("door").vital();

/// Looks whether the doors stand.
const KEEP: TaskKind = TaskKind::new("doors.keep").vital();

/// Looks at the directory's files and makes them again.
const FILES: TaskKind = TaskKind::new("doors.files");

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);

/// How long it tries before the server ends.
const GIVE_UP: Duration = Duration::from_secs(10);

/// A unix socket, and what is served behind it.
#[derive(Debug, Clone)]
pub struct LocalDoor {
    which: Door,
    path: PathBuf,
    router: Router,
    /// The file that was bound.
    id: Option<(u64, u64)>,
}

impl LocalDoor {
    /// Notes which file a door has been bound to.
    pub fn new(which: Door, path: PathBuf, router: Router) -> Self {
        let mut door = Self { which, path, router, id: None };
        door.id = door.found();
        door
    }

    /// Serves it from `listener`.
    pub fn open(&self, listener: UnixListener, tasks: &Tasks, limits: Limits) {
        let (router, stop, home) = (self.router.clone(), tasks.stopping(), tasks.clone());
        tasks.spawn(DOOR, edge::serve_unix(self.which, listener, router, stop, limits, home));
    }

    fn stands(&self) -> bool {
        self.id.is_some() && self.id == self.found()
    }

    fn found(&self) -> Option<(u64, u64)> {
        fs::symlink_metadata(&self.path).ok().map(|it| (it.dev(), it.ino()))
    }
}

/// What is kept.
#[derive(Debug)]
pub struct Doorkeeper {
    /// Where.
    pub runtime: RuntimeDir,
    /// What callers on the people's socket show.
    pub key: SecretString,
    /// What `serve.json` says.
    pub card: Card,
    /// The sockets.
    pub doors: Vec<LocalDoor>,
    /// What each of them allows.
    pub limits: Limits,
    /// Where they are served.
    pub tasks: Tasks,
    /// When nothing is made any more.
    pub left: Left,
}

/// Set once the server leaves the runtime directory: nothing is made there from then on.
#[derive(Debug, Clone, Default)]
pub struct Left(Arc<AtomicBool>);

impl Left {
    /// From now on.
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Doorkeeper {
    /// Begins to look after them.
    pub fn begin(self) {
        let tasks = self.tasks.clone();
        tasks.spawn(KEEP, self.keep());
    }

    async fn keep(mut self) -> anyhow::Result<()> {
        let stop = self.tasks.stopping();
        let mut whole_at = Instant::now();
        while stop.run_until_cancelled(sleep(LOOK)).await.is_some() {
            match self.look().await {
                Ok(()) => whole_at = Instant::now(),
                Err(error) if whole_at.elapsed() < GIVE_UP => {
                    tracing::warn!(
                        event = "degraded",
                        error = format!("{error:#}"),
                        "trying again"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes again what is not there any more.
    async fn look(&mut self) -> anyhow::Result<()> {
        if self.files_stand().await? && self.doors.iter().all(LocalDoor::stands)
            || self.left.is_set()
        {
            return Ok(());
        }
        let place = self.runtime.path().display().to_string();
        tracing::warn!(
            event = "degraded",
            place,
            "what was in the runtime directory is gone, or something else stands there"
        );
        let again = || format!("while making the sockets in {place} again, which were taken away");
        let (runtime, key) = (self.runtime.clone(), self.key.clone());
        let made = move || -> anyhow::Result<()> {
            runtime.create()?;
            people_key::put(&runtime, &key)
        };
        self.tasks.blocking(FILES, made).await?.with_context(again)?;
        for door in self.doors.iter_mut().filter(|door| !door.stands()) {
            // The listener before goes on for those who are connected; nobody new can reach it.
            let listener = sockets::bound(&door.path).with_context(again)?;
            door.id = door.found();
            door.open(listener, &self.tasks, self.limits.clone());
        }
        let (runtime, card) = (self.runtime.clone(), self.card.clone());
        self.tasks.blocking(FILES, move || card.write(&runtime)).await?.with_context(again)?;
        tracing::info!(event = "recovered", place, "the sockets stand again");
        Ok(())
    }

    async fn files_stand(&self) -> anyhow::Result<bool> {
        let (runtime, key, card) = (self.runtime.clone(), self.key.clone(), self.card.clone());
        let stand = move || people_key::stands(&runtime, &key) && card.stands(&runtime);
        Ok(self.tasks.blocking(FILES, stand).await?)
    }
}
