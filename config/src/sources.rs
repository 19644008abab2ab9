//! What [`load`](crate::load) reads from: handed in by the caller, so that a test can hand in its own.

use std::path::PathBuf;

/// A value from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The setting, such as `server.listen`.
    pub key: &'static str,
    /// The value as typed.
    pub value: String,
    /// The option it came with, such as `--listen`.
    pub flag: &'static str,
}

/// Everything settings are read from.
#[derive(Clone, Default)]
pub struct Sources {
    /// Where `config.yaml` is; it must then exist. `None`: the host's usual place, which may not.
    pub config_dir: Option<PathBuf>,
    /// The environment, taken once by `main`.
    pub env: Vec<(String, String)>,
    /// What the command line sets.
    pub cli: Vec<Override>,
}

impl Sources {
    /// Returns the variable's value; an empty one counts as unset.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}
