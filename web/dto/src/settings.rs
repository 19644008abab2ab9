//! The configuration on the wire: read-only, with the place each value came from.

use serde::{Deserialize, Serialize};

/// One setting as it stands. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    /// Its name, such as `server.listen`.
    pub key: String,
    /// Its value as text; for secrets `set` or `not set`; `None` when it is not set.
    pub value: Option<String>,
    /// Where the value came from: `default`, a file and line, a variable, an option.
    pub origin: String,
    /// What it is for.
    pub doc: String,
}

/// Answer of `GET /api/settings`, in the reference's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingList {
    /// Every setting.
    pub values: Vec<SettingView>,
    /// The directory that settings were looked for in.
    #[serde(default)]
    pub config_dir: String,
    /// The files that were read, in order.
    #[serde(default)]
    pub files: Vec<String>,
    /// What the operator should know although nothing is wrong.
    #[serde(default)]
    pub notes: Vec<String>,
}
