//! Texts to remember, one or many, and what became of them.

use serde::{Deserialize, Serialize};

/// Most memories that one request may bring.
pub const MAX_NEW_MEMORIES: usize = 1_000;

/// One text to remember. Everything but the text may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMemory {
    /// The text, at most 64 KiB.
    pub text: String,
    /// `note` (unless said otherwise), `said`, `answer`, `learning` or `document`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it was said, RFC 3339; now unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Who said it, at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The agent that said or stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The caller's conversation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The name of a conversation elsewhere; equal names belong together, in the order sent. The id
    /// of a conversation that is here means that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Learnings: the phase it is about, `OBSERVE` to `LEARN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Learnings: `success` or `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Knowledge: where it was read, such as `documentation`; at most 100 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Knowledge: what it is about, such as `infra`; at most 100 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Where untrusted text was read, such as `web: example.com`; at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untrusted: Option<String>,
    /// Whether to keep it out of eviction and archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// Since when it holds, RFC 3339; since it was said unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// Until when it held, RFC 3339; left out while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

/// Body of `POST /api/memory`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMemories {
    /// What to remember, 1 to 1,000 texts, in order.
    pub items: Vec<NewMemory>,
}

/// Answer of `POST /api/memory`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The memories that hold the texts, in the order of the items.
    pub ids: Vec<String>,
    /// For each: whether the same was remembered already, and the id is that one's.
    #[serde(default)]
    pub known: Vec<bool>,
}

/// Answer of `POST /api/memory/check`, which keeps nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedMemories {
    /// What would be refused, in the order of the items; empty when all of it would be kept.
    pub wrong: Vec<WrongMemory>,
}

/// One text that cannot be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongMemory {
    /// Which of the items, from 0.
    pub item: usize,
    /// The field that makes no sense.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}
