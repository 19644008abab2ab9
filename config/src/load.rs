//! [`load`]: lays the sources over each other and reads the sections out of them.

use std::path::{Path, PathBuf};

use crate::{
    Agents, Clock, ConfigError, Data, Logging, Memory, Mode, Model, Problem, Server, Settings,
    Sources, Top, credentials, environment, files,
    layers::Layers,
    paths::Host,
    read::Reader,
    reference::{key, keys},
    roles, tmux,
    value::Raw,
};

/// The model that `anthropic` means when none is named.
const ANTHROPIC_MODEL: &str = "claude-sonnet-5-5";

/// Reads all settings, strongest last: defaults, files, credentials, environment, command line.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong, each with its place and the way out.
pub fn load(sources: &Sources) -> Result<Settings, ConfigError> {
    let mut problems = Vec::new();
    let loaded = gather(sources, &mut problems);
    match loaded {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(ConfigError { problems }),
    }
}

fn gather(sources: &Sources, problems: &mut Vec<Problem>) -> Option<Settings> {
    let host = Host::of(sources);
    let config_dir = config_dir(sources, &host, problems)?;
    let mut layers = Layers::of_defaults(keys());
    let files = files::put(&config_dir, &mut layers, problems);
    credentials::put(sources, &mut layers, problems);
    environment::put(sources, &mut layers, problems);
    for set in &sources.cli {
        let origin = crate::Origin::Cli(set.flag);
        let Some(key) = key(set.key) else { continue };
        layers.put(key.name, Raw::Text(set.value.clone()), origin);
    }
    fill(&host, &config_dir, &mut layers, problems);
    let roles = keep(roles::load(&config_dir), problems);
    let session = keep(tmux::load(&config_dir), problems);
    let mut from = Reader::new(&layers, problems);
    let top = Top::read(&mut from);
    let server = Server::read(&mut from);
    let data = Data::read(&mut from);
    let model = Model::read(&mut from);
    let memory = Memory::read(&mut from);
    let agents = Agents::read(&mut from);
    let logging = Logging::read(&mut from);
    let clock = Clock::read(&mut from);
    problems.extend(memory.iter().flat_map(Memory::unfit).map(Problem::Unfit));
    let notes: Vec<String> = memory.iter().flat_map(|memory| memory.notes(&layers)).collect();
    layers.notes.extend(notes);
    if top.as_ref().is_some_and(|top| top.mode == Mode::Production) {
        problems.push(no_production());
    }
    Some(Settings {
        top: top?,
        server: server?,
        data: data?,
        model: model?,
        memory: memory?,
        agents: agents?,
        logging: logging?,
        clock: clock?,
        roles: roles?,
        session: session?,
        host,
        config_dir,
        files,
        entries: layers.entries(keys()),
        notes: layers.notes,
    })
}

fn config_dir(sources: &Sources, host: &Host, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    let Some(named) = &sources.config_dir else { return Some(host.config_dir()) };
    if let Err(source) = std::fs::read_dir(named) {
        problems.push(Problem::Unreadable { path: named.clone(), source });
        return None;
    }
    Some(absolute(named))
}

/// Fills in the defaults that depend on the host or on another value.
fn fill(host: &Host, config_dir: &Path, layers: &mut Layers, problems: &mut Vec<Problem>) {
    if layers.get("data.dir").is_none() {
        match host.data_dir(config_dir) {
            Ok(dir) => layers.fill("data.dir", dir.display().to_string()),
            Err(error) => problems.push(error.into()),
        }
    }
    let anthropic = layers.shown("model.provider").is_some_and(|name| name == "anthropic");
    layers.fill("model.name", if anthropic { ANTHROPIC_MODEL } else { "demo" }.to_owned());
}

fn keep<T>(loaded: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    loaded.map_err(|problem| problems.push(problem)).ok()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn no_production() -> Problem {
    Problem::Unfit(
        "mode: production needs adapters that this version does not have (records: postgres, bus: \
         redis, hot: redis); it has records: redb, bus: builtin, hot: memory, memory.vectors: \
         builtin, hnsw_rs or qdrant, memory.embedder: static or openai, model: demo or anthropic; \
         set mode: embedded"
            .to_owned(),
    )
}
