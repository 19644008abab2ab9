//! What belongs to no section.

use crate::{
    section::section,
    value::{needed, one_of},
};

/// Which adapters the roles have when they are not set one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything inside this process.
    Embedded,
    /// Postgres, Redis and Qdrant together; not in this version.
    Production,
}

const MODES: &[(&str, Mode)] = &[("embedded", Mode::Embedded), ("production", Mode::Production)];

section! {
    /// What belongs to no section.
    Top("") {
        /// `embedded` keeps everything inside this process, but for what is chosen one by one, such
        /// as memory.vectors; `production` (Postgres, Redis, Qdrant) is not in this version and is
        /// refused.
        mode: Mode = "embedded" => needed(one_of(MODES));
    }
}
