//! The settings as the rest of the appliance sees them: typed, checked, with their origins kept.

use std::{fmt, path::PathBuf};

use crate::{
    Agents, Clock, Data, Entry, Logging, Memory, Model, Role, Server, Session, Top, paths::Host,
};

/// Everything that was chosen, by whoever chose it.
#[derive(Clone)]
pub struct Settings {
    /// What belongs to no section.
    pub top: Top,
    /// Where and how the server listens.
    pub server: Server,
    /// Where everything is kept.
    pub data: Data,
    /// Which language model answers.
    pub model: Model,
    /// How memory is kept and found.
    pub memory: Memory,
    /// Which agents run.
    pub agents: Agents,
    /// What is logged.
    pub logging: Logging,
    /// The wall clock.
    pub clock: Clock,
    /// The six agents' descriptions and prompts.
    pub roles: Vec<Role>,
    /// The tmux session.
    pub session: Session,
    /// Places on this host.
    pub host: Host,
    /// The directory that settings were looked for in.
    pub config_dir: PathBuf,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    /// What the operator should know although nothing is wrong.
    pub notes: Vec<String>,
    pub(crate) entries: Vec<Entry>,
}

impl Settings {
    /// Returns every setting with its origin, in the reference's order; secrets as `set`/`not set`.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the runtime directory that belongs to the data directory.
    #[must_use]
    pub fn runtime_dir(&self) -> crate::paths::RuntimeDir {
        crate::paths::RuntimeDir::of(&self.host, &self.data.dir)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.entries.iter().map(|entry| (entry.key, &entry.value));
        f.debug_map().entries(shown).finish()
    }
}
