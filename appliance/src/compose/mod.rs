//! The parts list: the one place that names ports and adapters together.
//!
//! Reads from top to bottom as the system stands: store, live feed, [`memory`], model, desk, fleet,
//! edge. Starts nothing and binds nothing; [`crate::lifecycle`] does.

pub mod ahead;
mod edge;
mod memory;
pub mod model;
mod vectors;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use agents::{desk, fleet};
use agents_llm::redacted::RedactedModel;
use anyhow::Context as _;
use appliance_config::{Settings, paths::RuntimeDir};
use appliance_core::{
    Clock, IdMint,
    ports::{Live, Model, Records},
};
use appliance_redact::Redactor;
use appliance_tasks::Tasks;
use pai::{
    learning::Tree,
    memory::{Keeper, Reader, Search},
};
use secrecy::{SecretBox, SecretString};
use storage_embedded::{LiveHub, Store};

/// What is there before the parts are joined.
pub struct Ground {
    /// What the operator chose.
    pub settings: Settings,
    /// Where the sockets are.
    pub runtime: RuntimeDir,
    /// The opened store.
    pub store: Store,
    /// What was read while it was opened.
    pub ahead: ahead::Ahead,
    /// The host's clocks.
    pub clock: Arc<dyn Clock>,
    /// This life's number, for the live feed.
    pub epoch: u64,
    /// The address the server listens on, its real port filled in.
    pub bound: SocketAddr,
    /// Signs the tokens of API clients.
    pub jwt_key: SecretBox<[u8; 32]>,
    /// What callers on the people's socket show.
    pub people_key: SecretString,
    /// Knows the secrets.
    pub redactor: Redactor,
    /// Where the log lines go.
    pub log: web_api::LogTail,
    /// Where everything runs that runs beside its caller.
    pub tasks: Tasks,
}

/// The joined parts that the lifecycle starts and stops.
pub struct Appliance {
    /// Everything under one roof; kept to close it last.
    pub store: Store,
    /// Makes ids.
    pub mint: IdMint,
    /// The agents.
    pub fleet: Arc<fleet::Service>,
    /// The memory search, to be warmed up and saved.
    pub search: Arc<Search>,
    /// Moves memories between the tiers, once it is run.
    pub keeper: Arc<Keeper>,
    /// Keeps learnings and signals as files, once it is run.
    pub tree: Arc<Tree>,
    /// Reads memories.
    pub reader: Arc<Reader>,
    /// What the edge serves.
    pub edge: web_api::Parts,
    /// Where everything runs that runs beside its caller.
    pub tasks: Tasks,
}

/// Joins the parts.
///
/// # Errors
/// When the embedder's table or the model's options do not fit.
pub async fn compose(ground: Ground) -> anyhow::Result<Appliance> {
    let Ground {
        settings,
        runtime,
        store,
        ahead,
        clock,
        epoch,
        bound,
        jwt_key,
        people_key,
        redactor,
        log,
        tasks,
    } = ground;
    let mint = IdMint::new(clock, store.newest_millis());
    let reads = Arc::new(store.clone());
    let metrics = web_api::Metrics::new();
    let records: Arc<dyn Records> = metrics.counting(reads.clone());
    let live: Arc<dyn Live> = Arc::new(LiveHub::new(epoch));

    let memory::Remembering { words, reader, search, care, keeper, tree, figures } =
        memory::join(memory::Needs {
            settings: &settings,
            store: &reads,
            records: &records,
            clock: mint.clock(),
            mint: &mint,
            tasks: &tasks,
            ahead,
        })
        .await?;
    metrics.read_memory_from(figures);
    let model = RedactedModel::new(model::of(&settings, words)?, redactor.clone());
    let model: Arc<dyn Model> = Arc::new(model);

    let desk = Arc::new(desk::Service::new(desk::Parts {
        records: records.clone(),
        tasks: reads.clone(),
        conversations: reads.clone(),
        streams: reads.clone(),
        live: live.clone(),
        search: search.clone(),
        memories: reader.clone(),
        care: care.clone(),
        tree: tree.clone(),
        mint: mint.clone(),
    }));
    let fleet = fleet::Service::start(fleet::Parts {
        roles: roles(&settings),
        windows: windows(&settings),
        session: settings.session.name.clone(),
        program: program()?,
        agent_socket: runtime.agent_socket()?,
        people_socket: runtime.api_socket()?,
        tmux_socket: runtime.tmux_socket()?,
        data_dir: settings.data.dir.clone(),
        records: records.clone(),
        trail: reads.clone(),
        streams: reads.clone(),
        live: live.clone(),
        mint: mint.clone(),
        model_name: model.name().to_owned(),
        max_tokens: settings.model.max_tokens,
        concurrency: settings.agents.concurrency,
        run: which(&settings),
        tasks: tasks.clone(),
    })
    .await
    .context("while setting the agents up")?;
    let edge = web_api::Parts {
        records: records.clone(),
        signs: reads.clone(),
        damage: reads.clone(),
        users: reads.clone(),
        conversations: reads.clone(),
        tasks: reads.clone(),
        trail: reads.clone(),
        streams: reads.clone(),
        live,
        memories: reader.clone(),
        search: metrics.timing(search.clone()),
        purging: care.clone(),
        care,
        desk,
        fleet: fleet.clone(),
        settings: web_api::Settings {
            instance: store.history().to_string(),
            ..edge::settings(&settings, bound, (jwt_key, people_key), model.as_ref())
        },
        model,
        redactor,
        mint: mint.clone(),
        metrics,
        log: Some(log),
        home: tasks.clone(),
    };
    Ok(Appliance { store, mint, fleet, search, keeper, tree, reader, edge, tasks })
}

fn roles(settings: &Settings) -> Vec<fleet::RoleSpec> {
    let role = |role: &appliance_config::Role| fleet::RoleSpec {
        name: role.name,
        description: role.description.clone(),
        prompt: role.prompt.clone(),
    };
    settings.roles.iter().map(role).collect()
}

fn windows(settings: &Settings) -> Vec<fleet::WindowSpec> {
    let window = |window: &appliance_config::Window| fleet::WindowSpec {
        index: u16::try_from(window.index).unwrap_or(u16::MAX),
        name: window.name.clone(),
        command: window.command.clone(),
    };
    settings.session.windows.iter().map(window).collect()
}

fn which(settings: &Settings) -> fleet::Which {
    match settings.agents.run {
        appliance_config::AgentRun::All => fleet::Which::All,
        appliance_config::AgentRun::None => fleet::Which::None,
    }
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("while finding the program's own file, to start agents with it")
}
