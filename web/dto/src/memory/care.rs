//! What a person does to memories, and the list of it, from which each can be undone.

use serde::{Deserialize, Serialize};

use super::MemoryView;

/// Most memories that one request may forget.
pub const MAX_FORGOTTEN: usize = 1_000;

/// Body of `POST /api/memory/forget`; `POST /api/memory/{id}/forget` takes none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetMemories {
    /// Which, 1 to 1,000; all of them or none.
    pub ids: Vec<String>,
}

/// Body of `POST /api/memory/{id}/pin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinMemory {
    /// Whether to keep it out of eviction and archive.
    pub pinned: bool,
}

/// Body of `POST /api/memory/{id}/correct`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectMemory {
    /// What is so, at most 64 KiB.
    pub text: String,
}

/// Answer of `POST /api/memory/{id}/correct`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// What holds now.
    pub memory: MemoryView,
    /// The deed.
    pub action: ActionView,
}

/// Body of `POST /api/memory/undo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoAction {
    /// Which deed; the newest that is not undone when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<String>,
}

/// Something that was done to memories: answer of forget, pin and undo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionView {
    /// What `undo` names.
    pub id: String,
    /// `forget`, `correct`, `pin` or `unpin`.
    pub deed: String,
    /// The memories it was done to; for a correction the one that was wrong.
    pub memory_ids: Vec<String>,
    /// A correction: what took its place.
    #[serde(default)]
    pub replacement: Option<MemoryView>,
    /// When, RFC 3339.
    pub at: String,
    /// When it was undone, RFC 3339, if it was.
    pub undone_at: Option<String>,
}

/// Answer of `GET /api/memory/actions`, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionList {
    /// One page.
    pub items: Vec<ActionView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
