//! What a row is filtered by, in columns: sixteen bytes that nearly every search compares, times and
//! the message apart, which few do.
//!
//! A card can be replaced at any time while its row stays: whoever owns [`Cards`] says who may. Only
//! the owner and the agent of a row never change, because lists are cut by them.
//!
//! Invariant: tags and times have one entry a row; messages reach to the last row that has had one.

use appliance_core::{AgentName, Collection, Facets, MemoryId, MemoryTier, MessageId, Timestamp};

use super::{mapped::Column, names::Names};

/// The agent number of a row that no agent said.
pub(super) const NO_AGENT: u8 = AgentName::ALL.len() as u8;
/// Agent numbers in use.
pub(super) const AGENTS: usize = AgentName::ALL.len() + 1;
/// The conversation number of a row that was said in none.
pub(super) const NO_CONVERSATION: u32 = u32::MAX;

/// What nearly every search compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Tag {
    pub(super) owner: u32,
    pub(super) conversation: u32,
    pub(super) labels: u32,
    pub(super) utility: u16,
    pub(super) agent: u8,
    pub(super) kind: Kind,
}

/// Collection, tier, whether it holds today and whether it came from a message, in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Kind(pub(super) u8);

impl Kind {
    /// The bits of the collection.
    pub(super) const COLLECTION: u8 = 0b11;
    /// The bits of the tier.
    pub(super) const TIER: u8 = 0b1100;
    /// Set while it holds.
    pub(super) const HOLDS: u8 = 0b1_0000;
    /// Set where it came from a message.
    pub(super) const SAID: u8 = 0b10_0000;

    /// Returns the bits that stand for a collection.
    pub(super) const fn collection(is: Collection) -> u8 {
        is as u8
    }

    /// Returns the bits that stand for a tier.
    pub(super) const fn tier(is: MemoryTier) -> u8 {
        (is as u8) << 2
    }

    /// Tells whether it holds today.
    pub(super) const fn holds(self) -> bool {
        self.0 & Self::HOLDS != 0
    }

    /// Tells whether it came from a message.
    pub(super) const fn said(self) -> bool {
        self.0 & Self::SAID != 0
    }
}

/// When it was said and while it held, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Times {
    pub(super) said: i64,
    pub(super) from: i64,
    /// Meaningless where [`Kind::holds`].
    pub(super) until: i64,
}

/// All that one row is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) tag: Tag,
    pub(super) times: Times,
    /// Meaningless unless [`Kind::said`].
    pub(super) message: [u8; 16],
}

impl Card {
    /// Describes a row with these facets; new names get numbers.
    pub(super) fn of(facets: &Facets, names: &mut Names) -> Self {
        let conversation = facets.conversation_id.map(|id| names.conversations.number(&id));
        let mut kind = Kind::collection(facets.collection) | Kind::tier(facets.tier);
        kind |= if facets.valid_until.is_none() { Kind::HOLDS } else { 0 };
        kind |= if facets.message_id.is_some() { Kind::SAID } else { 0 };
        let tag = Tag {
            owner: names.owners.number(&facets.owner),
            conversation: conversation.unwrap_or(NO_CONVERSATION),
            labels: names.labels.number(&facets.labels),
            utility: facets.utility.ten_thousandths(),
            agent: agent(facets.agent),
            kind: Kind(kind),
        };
        let times = Times {
            said: facets.created_at.unix_micros(),
            from: facets.valid_from.unix_micros(),
            until: facets.valid_until.map_or(0, Timestamp::unix_micros),
        };
        Self { tag, times, message: facets.message_id.as_ref().map_or([0; 16], MessageId::bytes) }
    }
}

/// Returns an agent's number.
pub(super) fn agent(name: Option<AgentName>) -> u8 {
    name.map_or(NO_AGENT, |name| name as u8)
}

/// Whose a row is: what lists are cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub(super) struct Whose {
    pub(super) owner: u32,
    pub(super) agent: u32,
}

/// The cards of a segment's rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Cards {
    pub(super) tags: Column<Tag>,
    pub(super) times: Column<Times>,
    messages: Column<[u8; 16]>,
    ended: usize,
}

impl Cards {
    /// Returns how many rows no longer hold.
    pub(super) fn ended(&self) -> usize {
        self.ended
    }

    /// Returns how many rows have one.
    pub(super) fn len(&self) -> usize {
        self.tags.len()
    }

    /// Makes room for `rows` more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.tags.reserve(rows);
        self.times.reserve(rows);
    }

    /// Appends the next row's.
    pub(super) fn push(&mut self, card: &Card) {
        self.ended += usize::from(!card.tag.kind.holds());
        self.tags.extend(&[card.tag]);
        self.times.extend(&[card.times]);
        if card.tag.kind.said() {
            self.set_message(self.tags.len() - 1, card.message);
        }
    }

    /// Replaces a row's.
    pub(super) fn set(&mut self, row: u32, card: &Card) {
        let row = row as usize;
        self.ended -= usize::from(!self.tags[row].kind.holds());
        self.ended += usize::from(!card.tag.kind.holds());
        self.tags.values_mut()[row] = card.tag;
        self.times.values_mut()[row] = card.times;
        if card.tag.kind.said() {
            self.set_message(row, card.message);
        }
    }

    fn set_message(&mut self, row: usize, message: [u8; 16]) {
        while self.messages.len() <= row {
            self.messages.extend(&[[0; 16]]);
        }
        self.messages.values_mut()[row] = message;
    }

    /// Returns the message a row came from; meaningless unless [`Kind::said`].
    pub(super) fn message(&self, row: usize) -> [u8; 16] {
        self.messages.get(row).copied().unwrap_or_default()
    }

    /// Returns a row's.
    pub(super) fn get(&self, row: u32) -> Card {
        let row = row as usize;
        Card { tag: self.tags[row], times: self.times[row], message: self.message(row) }
    }

    /// Returns whose each row is.
    pub(super) fn whose(&self) -> Column<Whose> {
        let mut whose = Column::default();
        whose.reserve(self.len());
        for tag in self.tags.iter() {
            whose.extend(&[Whose { owner: tag.owner, agent: u32::from(tag.agent) }]);
        }
        whose
    }
}

const _: () = assert!(size_of::<Tag>() == 16, "four tags share a cache line");
const _: () = assert!(size_of::<MemoryId>() == 16, "ids are kept as their bytes");
