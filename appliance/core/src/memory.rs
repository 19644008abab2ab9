//! What is remembered: the text, where it came from, and how a search finds it. Searches nothing.

use serde::{Deserialize, Serialize};

use crate::{AgentName, ConversationId, MemoryId, MessageId, Timestamp, UserId};

/// Most bytes one memory may have: 64 KiB, the hot tier's limit. A longer message is remembered by
/// its beginning; the message itself is always stored whole.
pub const MAX_MEMORY_BYTES: usize = 64 * 1024;

/// Most bytes an author's name may have.
pub const MAX_AUTHOR_BYTES: usize = 200;

/// Returns the beginning of `text` that fits into one memory, cut between characters.
#[must_use]
pub fn fit(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MEMORY_BYTES)]
}

/// How a memory came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// A person said it.
    Said,
    /// A person asked for it to be kept (`/remember`).
    Note,
    /// An agent answered it.
    Answer,
}

/// The three tiers of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryTier {
    /// In memory.
    Hot,
    /// Indexed.
    Warm,
    /// Archived.
    Cold,
}

/// Where a memory came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The conversation it was said in.
    pub conversation_id: Option<ConversationId>,
    /// The message it was said in.
    pub message_id: Option<MessageId>,
    /// The agent that said or stored it.
    pub agent: Option<AgentName>,
    /// Who said it, by name, where that is not the owner: what an import brings along.
    #[serde(default)]
    pub author: Option<String>,
}

/// One remembered text that belongs to one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Identity.
    pub id: MemoryId,
    /// Whose it is; a search never leaves this scope.
    pub owner: UserId,
    /// Position in the store, set by it; the index follows this sequence.
    pub seq: u64,
    /// The text, byte for byte, at most [`MAX_MEMORY_BYTES`].
    pub text: String,
    /// Who said it, in which way.
    pub kind: MemoryKind,
    /// The tier it lives in.
    pub tier: MemoryTier,
    /// Where it came from.
    pub provenance: Provenance,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// A vector of unit length; `len()` is the embedder's dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Scales `values` to unit length; `None` for a zero, empty or non-finite vector.
    #[must_use]
    pub fn normalised(mut values: Vec<f32>) -> Option<Self> {
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length < f32::EPSILON {
            return None;
        }
        for value in &mut values {
            *value /= length;
        }
        Some(Self(values))
    }

    /// Returns the values, `[dim] f32` of unit length.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// What a search is narrowed to, besides its owner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchFilter {
    /// Only this tier.
    pub tier: Option<MemoryTier>,
    /// Only what this agent said or stored.
    pub agent: Option<AgentName>,
    /// Not what came from this message (a question should not find itself).
    pub except_message: Option<MessageId>,
}

/// A memory that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryHit {
    /// The memory.
    pub memory: Memory,
    /// What it was ranked by, higher is better; comparable within one answer only.
    pub score: f32,
    /// Why it was found, one line for a person.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::Embedding;

    #[test]
    fn an_embedding_has_unit_length_or_is_none() {
        let unit = Embedding::normalised(vec![3.0, 4.0]);
        assert_eq!(unit.as_ref().map(Embedding::values), Some(&[0.6, 0.8][..]));
        assert_eq!(Embedding::normalised(vec![0.0; 4]), None);
        assert_eq!(Embedding::normalised(vec![f32::NAN, 1.0]), None);
        assert_eq!(Embedding::normalised(vec![]), None);
    }
}
