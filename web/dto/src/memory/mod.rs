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
    /// By whom, where that is known and not the owner.
    #[serde(default)]
    pub author: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// Answer of `POST /api/memory/search`, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryResults {
    /// The hits.
    pub results: Vec<MemoryHitView>,
}

/// Most memories that one request may bring.
pub const MAX_NEW_MEMORIES: usize = 1_000;

/// One text to remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMemory {
    /// The text, at most 64 KiB.
    pub text: String,
    /// `note` (unless said otherwise), `said` or `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it was said, RFC 3339; now unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Who said it, at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The caller's conversation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The name of a conversation elsewhere; equal names belong together, in the order sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// Body of `POST /api/memory`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMemories {
    /// What to remember, 1 to 1,000 texts, in order.
    pub items: Vec<NewMemory>,
}

/// Answer of `POST /api/memory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The ids, in the order of the items.
    pub ids: Vec<String>,
}

/// One memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryView {
    /// The memory.
    pub id: String,
    /// Its text.
    pub text: String,
    /// `said`, `note` or `answer`.
    pub kind: String,
    /// `hot`, `warm` or `cold`.
    pub tier: String,
    /// Who said it, where that is known and not the owner.
    pub author: Option<String>,
    /// Where it was said.
    pub conversation_id: Option<String>,
    /// In which message.
    pub message_id: Option<String>,
    /// By which agent.
    pub agent: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// Answer of `GET /api/memory`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryList {
    /// One page.
    pub items: Vec<MemoryView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
