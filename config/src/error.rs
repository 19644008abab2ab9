//! What is wrong with the settings: every problem at once, each with its place and the way out.
//!
//! Never holds the value of a secret.

use std::{fmt, path::PathBuf};

use crate::Origin;

/// All that is wrong with the settings.
#[derive(Debug)]
pub struct ConfigError {
    /// One at least, in the order of the sources.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n" };
            write!(f, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A file cannot be read.
    #[error("while reading {}: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not YAML, or not of the shape it should have.
    #[error("{}:{line}:{column}: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        why: String,
    },
    /// A file has a key that there is not.
    #[error("{}:{line}:{column}: there is no setting `{key}`{hint}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// The key as written.
        key: String,
        /// `; did you mean ...?`, or where to find all keys.
        hint: String,
    },
    /// One of our variables does not exist.
    #[error("environment: there is no setting behind {name}{hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// `; did you mean ...?`, or where to find all keys.
        hint: String,
    },
    /// A variable and its `_FILE` twin are both set.
    #[error("environment: {name} and {name}_FILE are both set; keep one of them")]
    Twice {
        /// The variable.
        name: String,
    },
    /// A value cannot be used.
    #[error("{origin}: {key}: expected {expected}, found {found}")]
    Value {
        /// Who set it.
        origin: Origin,
        /// The setting.
        key: &'static str,
        /// What it takes.
        expected: String,
        /// What was there; `a secret` for secrets.
        found: String,
    },
    /// The settings do not fit each other.
    #[error("{0}")]
    Unfit(String),
    /// A directory's place cannot be found.
    #[error(transparent)]
    Path(#[from] crate::paths::PathError),
}
