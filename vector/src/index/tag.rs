//! What a row is filtered by, in eight bytes, and the filter in the same form.
//!
//! Owners are numbered once for the whole index, so that comparing one costs nothing. Does not hold
//! the message a row came from: that is compared only by the filter that asks for it.

use std::collections::HashMap;

use appliance_core::{AgentName, MemoryTier, MessageId, SearchFilter, UserId, ports::IndexEntry};

/// The agent number of a row that no agent said.
pub(super) const NO_AGENT: u8 = AgentName::ALL.len() as u8;
/// Agent numbers in use.
pub(super) const AGENTS: usize = AgentName::ALL.len() + 1;

/// What a row is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) owner: u32,
    pub(super) agent: u8,
    pub(super) tier: u8,
    /// Whether it came from a message.
    pub(super) said: bool,
}

impl Tag {
    /// Describes `entry` of the owner with this number.
    pub(super) fn of(entry: &IndexEntry, owner: u32) -> Self {
        let said = entry.message_id.is_some();
        Self { owner, agent: agent(entry.agent), tier: tier(entry.tier), said }
    }
}

/// A search's filter, ready to be compared with tags.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) owner: u32,
    pub(super) agent: Option<u8>,
    tier: Option<u8>,
    except: Option<MessageId>,
}

impl Wanted {
    /// Compiles `filter` for the owner with this number.
    pub(super) fn new(owner: u32, filter: &SearchFilter) -> Self {
        Self {
            owner,
            agent: filter.agent.map(|name| agent(Some(name))),
            tier: filter.tier.map(tier),
            except: filter.except_message,
        }
    }

    /// Tells whether a row with this tag, from this message, is wanted.
    pub(super) fn takes(&self, tag: Tag, message: MessageId) -> bool {
        tag.owner == self.owner
            && self.agent.is_none_or(|agent| agent == tag.agent)
            && self.tier.is_none_or(|tier| tier == tag.tier)
            && self.except.is_none_or(|except| !tag.said || except != message)
    }
}

fn agent(name: Option<AgentName>) -> u8 {
    name.map_or(NO_AGENT, |name| name as u8)
}

fn tier(tier: MemoryTier) -> u8 {
    tier as u8
}

/// Tiers in use; a tag's tier is below it.
pub(super) const TIERS: u8 = MemoryTier::Cold as u8 + 1;

/// The numbers of all owners.
#[derive(Debug, Clone, Default)]
pub(super) struct Owners {
    numbers: HashMap<UserId, u32>,
    ids: Vec<UserId>,
}

impl Owners {
    /// Returns the number of an owner that has rows.
    pub(super) fn find(&self, owner: UserId) -> Option<u32> {
        self.numbers.get(&owner).copied()
    }

    /// Returns the number of an owner, a new one if need be.
    pub(super) fn number(&mut self, owner: UserId) -> u32 {
        let next = self.ids.len() as u32;
        let number = *self.numbers.entry(owner).or_insert(next);
        if number == next {
            self.ids.push(owner);
        }
        number
    }

    /// Returns all owners, by number.
    pub(super) fn ids(&self) -> &[UserId] {
        &self.ids
    }
}
