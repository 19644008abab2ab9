//! The tmux session: which window runs what. Starts nothing.
//!
//! `tmux/session.yaml` in the configuration directory replaces the embedded one.

use std::path::Path;

use serde::Deserialize;

use crate::{Problem, files, yaml};

const SESSION: &str = include_str!("../tmux/session.yaml");

/// A tmux session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its name.
    #[serde(rename = "session")]
    pub name: String,
    /// Its windows.
    pub windows: Vec<Window>,
}

/// A window of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its number, from 0.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Arguments for `ai-infra`; never passed through a shell.
    pub command: Vec<String>,
}

/// Reads the session.
pub(crate) fn load(config_dir: &Path) -> Result<Session, Problem> {
    let path = config_dir.join("tmux/session.yaml");
    let own = files::text(&path)?;
    let session: Session = yaml::parse(&path, own.as_deref().unwrap_or(SESSION))?;
    let tame = |name: &str| !name.is_empty() && !name.contains([':', '.', '\0', '\n']);
    if !tame(&session.name) || !session.windows.iter().all(|window| tame(&window.name)) {
        let why = "session and window names must not be empty or hold `:`, `.` or a line end";
        return Err(Problem::Unfit(format!("{}: {why}", path.display())));
    }
    Ok(session)
}
