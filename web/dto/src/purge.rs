//! Purging on the wire: what has to be said to do it, and what went.

use serde::{Deserialize, Serialize};

/// Body of the purging routes: nothing is purged by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeConfirmed {
    /// Must be true.
    pub confirm: bool,
}

/// Body of `POST /api/memory/purge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeMemories {
    /// Which, at most 1,000.
    pub ids: Vec<String>,
    /// Must be true.
    pub confirm: bool,
}

/// What went, for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedView {
    /// Ids of the memories, copies and what was drawn from them among them.
    pub memories: Vec<String>,
}
