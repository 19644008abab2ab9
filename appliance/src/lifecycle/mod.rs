//! The server's life: claim, open, bind, start, say so, wait, drain, close.
//!
//! Decides the order and nothing else: what the parts are is [`crate::compose`]'s. Invariant:
//! nothing is announced (`serve.json`, READY, the printed address) before it answers, and the store
//! is closed after everything that writes to it.

mod announce;
mod claim;
mod first_user;
mod jwt_key;
mod people_key;
mod secrets;
mod signals;
mod sockets;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use appliance_config::Settings;
use appliance_core::{Clock, UserId};
use appliance_redact::Redactor;
use appliance_tasks::Tasks;
use pai::memory::{Indexes as _, Search};
use secrecy::ExposeSecret as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use web_api::{
    LogTail,
    edge::{self, Door},
};

use crate::{
    clock::SystemClock,
    compose::{self, Appliance, Ground},
    notify, telemetry,
};

/// Longest time open work gets once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Share of the drain that agents get; the rest is for open requests and the store.
const AGENT_DRAIN: Duration = Duration::from_secs(20);

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
    let mut signals = signals::Signals::listen()?;
    let data_dir = claim::data_dir(&settings.data.dir)?;
    let runtime = settings.runtime_dir();
    claim::runtime_dir(&runtime)?;
    let people_key = people_key::make(&runtime)?;
    secrets::learn(&redactor, &people_key);
    let sockets = sockets::bind(settings.server.listen, &runtime).await?;
    let clock: Arc<dyn Clock> = SystemClock::new(settings.clock.offset_seconds);
    let tasks = Tasks::new();
    let store = claim::store(&data_dir, clock.clone(), tasks.clone())?;
    let jwt_key = jwt_key::load(&data_dir, settings.server.jwt_secret.as_ref())?;
    redactor.learn(jwt_key.expose_secret());
    let ground = Ground {
        jwt_key,
        redactor,
        people_key,
        epoch: clock.now().unix_millis(),
        bound: sockets.address,
        runtime: runtime.clone(),
        settings: settings.clone(),
        store,
        clock,
        log,
        tasks,
    };
    let epoch = ground.epoch;
    let appliance = compose::compose(ground).await?;
    let owner = first_user::ensure(&appliance).await?;
    let running = Running::start(appliance, sockets, &settings.server, &owner);
    announce::ready(&settings, &runtime, &running, epoch).await?;
    signals.stop_asked().await;
    tracing::info!(event = "stopping", "told to stop: finishing what is open");
    notify::stopping();
    tokio::select! {
        () = running.stop() => {}
        () = signals.stop_asked() => tracing::warn!("told to stop again: not waiting any longer"),
    }
    announce::gone(&runtime);
    Ok(())
}

/// What runs, and how to end it in the right order.
struct Running {
    store: storage_embedded::Store,
    search: Arc<Search>,
    mint: appliance_core::IdMint,
    fleet: Arc<agents::fleet::Service>,
    base_url: String,
    address: std::net::SocketAddr,
    needs_setup: bool,
    owner: UserId,
    watchdog: CancellationToken,
    doors: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    fn start(
        appliance: Appliance,
        sockets: sockets::Sockets,
        server: &appliance_config::Server,
        owner: &first_user::Owner,
    ) -> Self {
        let Appliance { store, mint, fleet, search, keeper, tree, reader, edge } = appliance;
        let (watchdog, doors, tasks) =
            (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let base_url = edge.settings.base_url();
        let signs = edge.signs.clone();
        let limits = edge::Limits {
            max_connections: usize::try_from(server.max_connections).unwrap_or(usize::MAX),
            per_address: usize::try_from(server.max_connections_per_address).unwrap_or(usize::MAX),
            proxies: edge.settings.proxies.clone(),
            drain: DRAIN - AGENT_DRAIN,
            ..edge::Limits::default()
        };
        let web_api::Faces { people, agents } = web_api::faces(edge);
        let (api, seats) = (sockets.people, sockets.agents);
        let (stop, limits) = (|| doors.clone(), || limits.clone());
        tasks.spawn(edge::serve_unix(Door::People, api, people.clone(), stop(), limits()));
        tasks.spawn(edge::serve_unix(Door::Agents, seats, agents, stop(), limits()));
        tasks.spawn(edge::serve_tcp(sockets.tcp, people, stop(), limits()));
        tasks.spawn({
            let (fleet, watchdog) = (fleet.clone(), watchdog.clone());
            async move { fleet.run(watchdog).await }
        });
        tasks.spawn(notify::watchdog(signs, doors.clone()));
        tasks.spawn({
            let (search, end) = (search.clone(), doors.clone());
            async move { end.run_until_cancelled(search.keep_level()).await }
        });
        tasks.spawn({
            let end = doors.clone();
            async move { keeper.run(end).await }
        });
        tasks.spawn({
            let end = doors.clone();
            async move { tree.run(reader.as_ref(), end.cancelled()).await }
        });
        tasks.close();
        Self {
            store,
            search,
            mint,
            fleet,
            base_url,
            address: sockets.address,
            needs_setup: owner.needs_setup,
            owner: owner.id,
            watchdog,
            doors,
            tasks,
        }
    }

    /// Lets agents finish, then requests, then closes the store.
    async fn stop(&self) {
        let cut_off = self.fleet.drain(AGENT_DRAIN).await;
        if cut_off > 0 {
            tracing::warn!(cut_off, "agents did not finish in time; their work is delivered again");
        }
        self.watchdog.cancel();
        self.doors.cancel();
        self.tasks.wait().await;
        self.search.close().await;
        if let Err(error) = self.search.save().await {
            tracing::warn!(%error, "the indexes were not saved; the next start reads the records");
        }
        let store = self.store.clone();
        let closed = tokio::task::spawn_blocking(move || store.close()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the store did not close cleanly; it is repaired on next open");
        }
        tracing::info!(event = "stopped", "stopped");
    }
}
