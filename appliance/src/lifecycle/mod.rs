//! The server's life: claim, open, bind, start, say so, wait, drain, close. Or [`fatal`].
//!
//! Decides the order and nothing else: what the parts are is [`crate::compose`]'s. Invariant:
//! nothing is announced (`serve.json`, READY, the printed address) before it answers, and the store
//! is closed after everything that writes to it.

mod announce;
mod claim;
mod descriptors;
mod doorkeeper;
mod fatal;
pub mod first;
mod first_user;
mod jwt_key;
mod lived;
mod people_key;
mod secrets;
mod signals;
mod sockets;
mod upkeep;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use appliance_config::{Settings, paths::RuntimeDir};
use appliance_core::{Clock, UserId};
use appliance_redact::Redactor;
use appliance_tasks::{TaskKind, Tasks};
use pai::memory::{Indexes as _, Search};
use secrecy::{ExposeSecret as _, SecretString};
use storage_embedded::{DataDir, Store};
use web_api::{
    LogTail,
    edge::{self, Door},
};

use self::{
    announce::Card,
    doorkeeper::{DOOR, Doorkeeper, Left, LocalDoor},
    fatal::Fatal,
};
use crate::{
    clock::SystemClock,
    compose::{self, Appliance, Ground, ahead::Ahead},
    exit, notify, telemetry,
};

/// Keeps agents alive.
const FLEET: TaskKind = TaskKind::new("fleet.watch").vital();

/// Tells the service manager that the server lives.
const TICK: TaskKind = TaskKind::new("service.tick");

/// Notices when the whole process was stopped for a while.
const CLOCK: TaskKind = TaskKind::new("clock.tick").vital();

/// Keep words, tiers and files level with the records. Each goes on at the next start, and says
/// before that what it cannot do.
const LEVEL: TaskKind = TaskKind::new("memory.level");
const KEEPER: TaskKind = TaskKind::new("memory.keep");
const UPKEEP: TaskKind = TaskKind::new("records.upkeep");
const LIVED: TaskKind = TaskKind::new("clock.lived");
const TREE: TaskKind = TaskKind::new("learning.tree");

/// Looks at the file and opens it.
const OPEN: TaskKind = TaskKind::new("records.open");

/// Writes what waits and closes the file.
const CLOSE: TaskKind = TaskKind::new("records.close");

/// Longest time open work gets once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Share of the drain that agents get; the rest is for open requests and the store.
const AGENT_DRAIN: Duration = Duration::from_secs(20);

/// What open requests and tasks get once the agents have ended.
const REST_DRAIN: Duration = DRAIN.saturating_sub(AGENT_DRAIN);

/// What they get beyond that, to notice that their time is up.
const GRACE: Duration = Duration::from_secs(2);

/// Lines of its own log that the server keeps in memory.
const LOG_LINES: usize = 5_000;

/// Runs the server until it is told to stop.
///
/// # Errors
/// A [`crate::exit::Failure`] with the exit code and the way out for everything a person can mend.
pub fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let log = LogTail::new(LOG_LINES);
    let redactor = secrets::of(&settings);
    telemetry::start(&settings.logging, &log, &redactor)?;
    descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("ai-infra")
        .build()
        .context("while starting the runtime")?;
    let outcome = runtime.block_on(run(settings, log, redactor));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn run(settings: Settings, log: LogTail, redactor: Redactor) -> anyhow::Result<()> {
    let signals = signals::Signals::listen()?;
    let data_dir = claim::data_dir(&settings)?;
    let runtime = settings.runtime_dir();
    claim::runtime_dir(&runtime)?;
    let left = Left::default();
    let served = live(settings, log, redactor, signals, (&data_dir, &runtime, &left)).await;
    left.set();
    announce::gone(&runtime);
    served
}

/// From the first file in the runtime directory to the last answer; what is there afterwards is the
/// caller's to take away.
async fn live(
    settings: Settings,
    log: LogTail,
    redactor: Redactor,
    mut signals: signals::Signals,
    (data_dir, runtime, left): (&DataDir, &RuntimeDir, &Left),
) -> anyhow::Result<()> {
    let people_key = people_key::make(runtime)?;
    secrets::learn(&redactor, &people_key);
    let sockets = sockets::bind(settings.server.listen, runtime)?;
    let clock = SystemClock::of_a_server(settings.clock.offset_seconds);
    let (tasks, fatal) = (Tasks::new(), Fatal::new(runtime.clone(), left.clone()));
    let (store, ahead) = opened(&settings, data_dir, &clock, &tasks, &fatal).await?;
    lived::resume(&clock, data_dir.path(), store.newest_millis());
    let lived = lived::Keeping::new(clock.clone(), data_dir.path(), tasks.clone());
    let jwt_key = jwt_key::load(data_dir, settings.server.jwt_secret.as_ref())?;
    redactor.learn(jwt_key.expose_secret());
    let ground = Ground {
        jwt_key,
        redactor,
        people_key: people_key.clone(),
        epoch: clock.now().unix_millis(),
        bound: sockets.address,
        runtime: runtime.clone(),
        settings: settings.clone(),
        store,
        ahead,
        clock,
        log,
        tasks: tasks.clone(),
    };
    let epoch = ground.epoch;
    let appliance = compose::compose(ground).await?;
    let owner = first_user::ensure(&appliance).await?;
    fatal.takes(appliance.fleet.clone());
    let running = Running::start(appliance, sockets, &settings, &owner)?;
    tasks.spawn(LIVED, lived.run(tasks.stopping()));
    let card = Card::of(&settings, runtime, &running, epoch)?;
    announce::ready(&settings, runtime, &running, &card).await?;
    running.keep_doors(runtime.clone(), people_key, card, left.clone());
    tokio::select! {
        _ = signals.stop_asked() => {}
        failed = tasks.failed() => fatal.end(exit::SOFTWARE, &failed.to_string(), ""),
    }
    tracing::info!(event = "stopping", "told to stop: finishing what is open");
    notify::stopping();
    tokio::select! {
        () = running.stop() => {}
        code = signals.stop_asked() => fatal.end(code, "told to stop again: not waiting any longer", ""),
        failed = tasks.failed() => fatal.end(exit::SOFTWARE, &failed.to_string(), ""),
    }
    Ok(())
}

/// Opens the store, and reads meanwhile what lies beside its records.
async fn opened(
    settings: &Settings,
    data_dir: &DataDir,
    clock: &Arc<SystemClock>,
    tasks: &Tasks,
    fatal: &Fatal,
) -> anyhow::Result<(Store, Ahead)> {
    let (dir, clock, home, fatal) = (data_dir.clone(), clock.clone(), tasks.clone(), fatal.clone());
    let store = tasks.blocking(OPEN, move || claim::store(&dir, clock, home, fatal));
    let ahead = compose::ahead::read(settings, data_dir.history(), tasks);
    let (store, ahead) = tokio::join!(store, ahead);
    Ok((store.context("while opening the records")??, ahead?))
}

/// What runs, and how to end it in the right order.
struct Running {
    store: Store,
    search: Arc<Search>,
    mint: appliance_core::IdMint,
    fleet: Arc<agents::fleet::Service>,
    base_url: String,
    address: std::net::SocketAddr,
    needs_setup: bool,
    owner: UserId,
    doors: Vec<LocalDoor>,
    limits: edge::Limits,
    tasks: Tasks,
}

impl Running {
    fn start(
        appliance: Appliance,
        sockets: sockets::Sockets,
        settings: &Settings,
        owner: &first_user::Owner,
    ) -> anyhow::Result<Self> {
        let Appliance { store, mint, fleet, search, keeper, tree, reader, edge, tasks } = appliance;
        let (base_url, signs) = (edge.settings.base_url(), edge.signs.clone());
        let limits = limits(&settings.server, &edge.settings);
        store.begin_comparing();
        store.begin_keeping();
        let web_api::Faces { people, agents } = web_api::faces(edge);
        let runtime = settings.runtime_dir();
        let api = LocalDoor::new(Door::People, runtime.api_socket()?, people.clone());
        let seats = LocalDoor::new(Door::Agents, runtime.agent_socket()?, agents);
        let places = descriptors::places(limits.max_connections);
        let local = edge::Limits { max_connections: places.local, ..limits.clone() };
        let limits = edge::Limits { max_connections: places.tcp, ..limits };
        api.open(sockets.people, &tasks, local.clone());
        seats.open(sockets.agents, &tasks, local);
        let stop = || tasks.stopping();
        let tcp = edge::serve_tcp(sockets.tcp, people, stop(), limits.clone(), tasks.clone());
        tasks.spawn(DOOR, tcp);
        tasks.spawn(FLEET, fleet.clone().run(stop()));
        tasks.spawn(TICK, notify::watchdog(signs, stop()));
        tasks.spawn(CLOCK, crate::clock::tick(mint.clock().clone(), stop()));
        let upkeep = upkeep::run(Arc::new(store.clone()), mint.clock().clone(), stop());
        tasks.spawn(UPKEEP, upkeep);
        let (level, end) = (search.clone(), stop());
        tasks.spawn(LEVEL, async move {
            end.run_until_cancelled(level.keep_level()).await;
        });
        let end = stop();
        tasks.spawn(KEEPER, async move { keeper.run(end).await });
        let end = stop();
        tasks.spawn(TREE, async move { tree.run(reader.as_ref(), end.cancelled()).await });
        Ok(Self {
            store,
            search,
            mint,
            fleet,
            base_url,
            address: sockets.address,
            needs_setup: owner.needs_setup,
            owner: owner.id,
            doors: vec![api, seats],
            limits,
            tasks,
        })
    }

    /// Looks after the sockets from now on.
    fn keep_doors(&self, runtime: RuntimeDir, key: SecretString, card: Card, left: Left) {
        let (doors, limits) = (self.doors.clone(), self.limits.clone());
        let tasks = self.tasks.clone();
        Doorkeeper { runtime, key, card, doors, limits, tasks, left }.begin();
    }

    /// Lets agents finish, then requests, then closes the store.
    async fn stop(&self) {
        let cut_off = self.fleet.drain(AGENT_DRAIN).await;
        if cut_off > 0 {
            tracing::warn!(cut_off, "agents did not finish in time; their work is delivered again");
        }
        let late = self.tasks.shutdown(REST_DRAIN + GRACE).await;
        if !late.is_empty() {
            tracing::warn!(?late, "these did not end in time and are left");
        }
        self.search.close().await;
        if let Err(error) = self.search.save().await {
            tracing::warn!(%error, "the indexes were not saved; the next start reads the records");
        }
        let store = self.store.clone();
        if let Err(error) = self.tasks.blocking(CLOSE, move || store.close()).await {
            tracing::error!(%error, "the store did not close cleanly; it is repaired on next open");
        }
        tracing::info!(event = "stopped", left = ?self.tasks.names(), "stopped");
    }
}

fn limits(server: &appliance_config::Server, edge: &web_api::Settings) -> edge::Limits {
    edge::Limits {
        max_connections: usize::try_from(server.max_connections).unwrap_or(usize::MAX),
        per_address: usize::try_from(server.max_connections_per_address).unwrap_or(usize::MAX),
        proxies: edge.proxies.clone(),
        drain: REST_DRAIN,
        ..edge::Limits::default()
    }
}
