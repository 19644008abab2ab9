//! Memory search on the wire.

use serde::{Deserialize, Serialize};

/// Body of `POST /api/memory/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryQuery {
    /// What to look for.
    pub query: String,
    /// Most hits wanted, 1..=100; 10 when left out.
    #[serde(default = "ten")]
    pub limit: usize,
    /// What to narrow it to.
    #[serde(default)]
    pub filters: MemoryQueryFilters,
}

const fn ten() -> usize {
    10
}

/// What a search is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryQueryFilters {
    /// `hot`, `warm` or `cold`.
    #[serde(default)]
    pub tier: Option<String>,
    /// One of the six agents.
    #[serde(default)]
    pub agent: Option<String>,
}

/// One memory that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryHitView {
    /// The memory.
    pub id: String,
    /// Its text.
    pub text: String,
    /// `said`, `note` or `answer`.
    pub kind: String,
    /// `hot`, `warm` or `cold`.
    pub tier: String,
    /// What it was ranked by, higher is better; comparable within one answer only.
    pub score: f32,
    /// Why it was found.
    pub why: String,
    /// Where it was said.
    pub conversation_id: Option<String>,
    /// In which message.
    pub message_id: Option<String>,
    /// By which agent.
    pub agent: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// Answer of `POST /api/memory/search`, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryResults {
    /// The hits.
    pub results: Vec<MemoryHitView>,
}
