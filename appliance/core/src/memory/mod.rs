//! What is remembered: the text, where it came from, how it stands and how a search finds it.
//!
//! [`Memory`] is the record; [`Standing`] is what changes over its life; [`SearchFilter`] and
//! [`Facets`] are what a search is narrowed by; [`MemoryAction`] and [`Signal`] are what people do to
//! it. Searches nothing and stores nothing.

mod action;
mod embedding;
mod found;
mod hit;
mod origin;
mod signal;
mod spread;
mod standing;

use serde::{Deserialize, Serialize};

pub use action::{Deed, MemoryAction};
pub use embedding::Embedding;
pub use found::{MemoryHits, SearchPart};
pub use hit::{Facets, MemoryHit, SearchFilter};
pub use origin::Origin;
pub use signal::{Signal, SignalType};
pub use spread::Spread;
pub use standing::{Standing, Utility};

use crate::{AgentName, ConversationId, MemoryId, MessageId, Phase, Timestamp, UserId};

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
    /// The Algorithm drew it from a finished task.
    Learning,
    /// It was read in a document, or brought by a tool.
    Document,
}

impl MemoryKind {
    /// Returns the collection that memories of this kind are in.
    #[must_use]
    pub const fn collection(self) -> Collection {
        match self {
            Self::Said | Self::Answer => Collection::Conversations,
            Self::Note => Collection::Memories,
            Self::Learning => Collection::Learnings,
            Self::Document => Collection::Knowledge,
        }
    }

    /// Returns the name on the wire and in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Note => "note",
            Self::Answer => "answer",
            Self::Learning => "learning",
            Self::Document => "document",
        }
    }
}

/// The plan's four collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// What was kept on purpose.
    Memories,
    /// What the Algorithm learned, by phase and outcome.
    Learnings,
    /// What was said and answered.
    Conversations,
    /// What was read, by source and domain.
    Knowledge,
}

impl Collection {
    /// All four.
    pub const ALL: [Self; 4] =
        [Self::Memories, Self::Learnings, Self::Conversations, Self::Knowledge];

    /// Returns the plan's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memories => "memories",
            Self::Learnings => "learnings",
            Self::Conversations => "conversations",
            Self::Knowledge => "knowledge",
        }
    }

    /// Finds a collection by its name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// How a task ended that something was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its criteria were met.
    Success,
    /// They were not.
    Failure,
}

/// Most bytes a label may have.
pub const MAX_LABEL_BYTES: usize = 100;

/// What a collection sorts its memories by; `None` where the collection has no such label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Labels {
    /// Learnings: the phase it is about.
    pub phase: Option<Phase>,
    /// Learnings: how the task ended.
    pub outcome: Option<Outcome>,
    /// Knowledge: where it was read, such as `documentation`.
    pub source: Option<String>,
    /// Knowledge: what it is about, such as `infra`.
    pub domain: Option<String>,
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

impl MemoryTier {
    /// All three, the youngest first.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Warm, Self::Cold];

    /// Returns the plan's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
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
    /// Where untrusted text was read, such as `web: example.com`; `None` for what people and agents
    /// said. Such text is shown with this label and never as somebody's word.
    #[serde(default)]
    pub untrusted: Option<String>,
}

/// One remembered text that belongs to one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Identity.
    pub id: MemoryId,
    /// Whose it is; a search never leaves this scope.
    pub owner: UserId,
    /// Its place in the order of arrival, set by the store; never changes.
    pub seq: u64,
    /// The text, byte for byte, at most [`MAX_MEMORY_BYTES`].
    pub text: String,
    /// Who said it, in which way.
    pub kind: MemoryKind,
    /// The tier it lives in.
    pub tier: MemoryTier,
    /// Where it came from.
    pub provenance: Provenance,
    /// What its collection sorts it by.
    pub labels: Labels,
    /// When it was said.
    pub created_at: Timestamp,
    /// What changes over its life.
    pub standing: Standing,
}

impl Memory {
    /// Makes a new one, in the hot tier, standing as memories begin.
    #[must_use]
    pub fn new(
        id: MemoryId,
        owner: UserId,
        kind: MemoryKind,
        text: String,
        provenance: Provenance,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            owner,
            seq: 0,
            text,
            kind,
            tier: MemoryTier::Hot,
            provenance,
            labels: Labels::default(),
            created_at: at,
            standing: Standing::new(at),
        }
    }

    /// Returns what a search may be narrowed by.
    #[must_use]
    pub fn facets(&self) -> Facets {
        Facets {
            owner: self.owner,
            collection: self.kind.collection(),
            tier: self.tier,
            agent: self.provenance.agent,
            conversation_id: self.provenance.conversation_id,
            message_id: self.provenance.message_id,
            created_at: self.created_at,
            utility: self.standing.utility,
            valid_from: self.standing.valid_from,
            valid_until: self.standing.valid_until,
            labels: self.labels.clone(),
        }
    }
}
