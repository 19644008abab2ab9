//! What a search finds, and what it is narrowed to. Decides no order.

use serde::{Deserialize, Serialize};

use super::{Collection, Labels, Memory, MemoryTier, Outcome, Utility};
use crate::{AgentName, ConversationId, MemoryId, MessageId, Phase, Timestamp, UserId};

/// What a search is narrowed to, besides its owner. Empty: everything that holds today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchFilter {
    /// Only this collection.
    pub collection: Option<Collection>,
    /// Only this tier.
    pub tier: Option<MemoryTier>,
    /// Only what this agent said or stored.
    pub agent: Option<AgentName>,
    /// Only what was said in this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Not what came from this message (a question should not find itself).
    pub except_message: Option<MessageId>,
    /// Only what was said at this moment or later.
    pub from: Option<Timestamp>,
    /// Only what was said before this moment.
    pub until: Option<Timestamp>,
    /// Only what has proven at least this useful.
    pub min_utility: Option<Utility>,
    /// Only learnings of this phase.
    pub phase: Option<Phase>,
    /// Only learnings that ended like this.
    pub outcome: Option<Outcome>,
    /// Only knowledge from this source.
    pub source: Option<String>,
    /// Only knowledge about this domain.
    pub domain: Option<String>,
    /// What held at this moment, rather than what holds today.
    pub as_of: Option<Timestamp>,
}

/// What an index knows of a memory besides its text and vector: what a search may be narrowed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facets {
    /// Whose it is.
    pub owner: UserId,
    /// Its collection.
    pub collection: Collection,
    /// Its tier.
    pub tier: MemoryTier,
    /// The agent that said or stored it.
    pub agent: Option<AgentName>,
    /// The conversation it was said in.
    pub conversation_id: Option<ConversationId>,
    /// The message it came from.
    pub message_id: Option<MessageId>,
    /// When it was said.
    pub created_at: Timestamp,
    /// How useful it has proven.
    pub utility: Utility,
    /// Since when it holds.
    pub valid_from: Timestamp,
    /// Until when it held; `None` while it does.
    pub valid_until: Option<Timestamp>,
    /// What its collection sorts it by.
    pub labels: Labels,
}

impl Facets {
    /// Tells whether a search of `owner` that is narrowed by `filter` may show it: the one meaning
    /// of [`SearchFilter`] that every index is held to.
    #[must_use]
    pub fn pass(&self, owner: UserId, filter: &SearchFilter) -> bool {
        self.owner == owner && self.is_of(filter) && self.was_said(filter) && self.holds(filter)
    }

    fn is_of(&self, filter: &SearchFilter) -> bool {
        wanted(filter.collection, self.collection)
            && wanted(filter.tier, self.tier)
            && filter.min_utility.is_none_or(|least| self.utility >= least)
            && (filter.phase.is_none() || filter.phase == self.labels.phase)
            && (filter.outcome.is_none() || filter.outcome == self.labels.outcome)
            && (filter.source.is_none() || filter.source == self.labels.source)
            && (filter.domain.is_none() || filter.domain == self.labels.domain)
    }

    fn was_said(&self, filter: &SearchFilter) -> bool {
        (filter.agent.is_none() || filter.agent == self.agent)
            && (filter.conversation_id.is_none() || filter.conversation_id == self.conversation_id)
            && (filter.except_message.is_none() || filter.except_message != self.message_id)
            && filter.from.is_none_or(|from| self.created_at >= from)
            && filter.until.is_none_or(|until| self.created_at < until)
    }

    fn holds(&self, filter: &SearchFilter) -> bool {
        match (filter.as_of, self.valid_until) {
            (None, until) => until.is_none(),
            (Some(at), until) => self.valid_from <= at && until.is_none_or(|until| at < until),
        }
    }
}

fn wanted<T: PartialEq + Copy>(wanted: Option<T>, is: T) -> bool {
    wanted.is_none_or(|wanted| wanted == is)
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
    /// Others that it stands for in this answer: the same said again, or in almost the same words.
    #[serde(default)]
    pub joined: Vec<MemoryId>,
}
