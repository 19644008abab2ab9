//! The six agents' roles: `agents.yaml` and one prompt each, embedded, or the operator's own.
//!
//! A file of the same name in the configuration directory (`agents.yaml`, `prompts/code.md`)
//! replaces the embedded one. The names are fixed: a role for every agent, none twice.

use std::path::{Path, PathBuf};

use appliance_core::AgentName;
use serde::Deserialize;

use crate::{Problem, files, yaml};

const AGENTS: &str = include_str!("../defaults/agents.yaml");

/// One agent's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Whose role it is.
    pub name: AgentName,
    /// Its window in the tmux session.
    pub window: u32,
    /// What it is for; routing compares messages with this text.
    pub description: String,
    /// Its system prompt, Markdown.
    pub prompt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    agents: Vec<RoleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleEntry {
    name: String,
    window: u32,
    prompt: String,
    description: String,
}

/// Reads the roles, in the order of [`AgentName::ALL`].
pub(crate) fn load(config_dir: &Path) -> Result<Vec<Role>, Problem> {
    let path = config_dir.join("agents.yaml");
    let own = files::text(&path)?;
    let file: RolesFile = yaml::parse(&path, own.as_deref().unwrap_or(AGENTS))?;
    let mut roles = Vec::with_capacity(AgentName::ALL.len());
    for entry in file.agents {
        roles.push(role(config_dir, &path, &entry)?);
    }
    roles.sort_by_key(|role| role.name);
    let names: Vec<AgentName> = roles.iter().map(|role| role.name).collect();
    if names == AgentName::ALL { Ok(roles) } else { Err(incomplete(&path, &names)) }
}

fn role(config_dir: &Path, path: &Path, entry: &RoleEntry) -> Result<Role, Problem> {
    let name: AgentName = entry
        .name
        .parse()
        .map_err(|error| Problem::Unfit(format!("{}: {error}", path.display())))?;
    let prompt = prompt(config_dir, name, &entry.prompt)?;
    let description = entry.description.trim().to_owned();
    Ok(Role { name, window: entry.window, description, prompt })
}

/// Reads a prompt: the operator's file, or the embedded one of the same name.
fn prompt(config_dir: &Path, name: AgentName, file: &str) -> Result<String, Problem> {
    let plain = Path::new(file).file_name().is_some_and(|last| last == file);
    if !plain {
        let why = format!("agent {name}: prompt `{file}` must be a file name without directories");
        return Err(Problem::Unfit(why));
    }
    let path: PathBuf = config_dir.join("prompts").join(file);
    if let Some(own) = files::text(&path)? {
        return Ok(own);
    }
    embedded(file)
        .map(str::to_owned)
        .ok_or_else(|| Problem::Unreadable { path, source: std::io::ErrorKind::NotFound.into() })
}

fn embedded(file: &str) -> Option<&'static str> {
    Some(match file {
        "supervisor.md" => include_str!("../prompts/supervisor.md"),
        "code.md" => include_str!("../prompts/code.md"),
        "data.md" => include_str!("../prompts/data.md"),
        "infra.md" => include_str!("../prompts/infra.md"),
        "research.md" => include_str!("../prompts/research.md"),
        "qa.md" => include_str!("../prompts/qa.md"),
        _ => return None,
    })
}

fn incomplete(path: &Path, names: &[AgentName]) -> Problem {
    let listed: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    Problem::Unfit(format!(
        "{}: expected each of supervisor, code, data, infra, research, qa once, found {}",
        path.display(),
        listed.join(", ")
    ))
}
