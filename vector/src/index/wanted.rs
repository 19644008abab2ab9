//! A search's filter in the form of cards: numbers and bits, compiled once a search.
//!
//! Means what [`Facets::pass`](appliance_core::Facets::pass) says, which the contract's rules compare
//! it with. Holds no row.

use appliance_core::{
    MessageId, SearchFilter, Timestamp, UserId,
    memory::{Labels, Utility},
};

use super::{
    card::{Cards, Kind, Tag, Times, agent},
    names::{Names, Numbers},
};

/// A filter, ready to be compared.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) owner: u32,
    pub(super) agent: Option<u8>,
    /// Bits of a tag's kind that are looked at, and what they must be.
    mask: u8,
    kind: u8,
    conversation: Option<u32>,
    least: u16,
    /// For each number of a set of labels, whether it passes; `None` when nobody asks.
    labels: Option<Vec<bool>>,
    except: Option<[u8; 16]>,
    moments: Option<Moments>,
}

/// What a filter asks of a row's times.
#[derive(Debug, Clone, Copy)]
struct Moments {
    from: i64,
    until: Option<i64>,
    as_of: Option<i64>,
}

impl Wanted {
    /// Compiles `filter` for one owner; `None` when no row can pass.
    pub(super) fn new(names: &Names, owner: UserId, filter: &SearchFilter) -> Option<Self> {
        let owner = names.owners.find(&owner)?;
        let conversation = match &filter.conversation_id {
            Some(id) => Some(names.conversations.find(id)?),
            None => None,
        };
        let (mut mask, mut kind) = (0, 0);
        if filter.as_of.is_none() {
            (mask, kind) = (Kind::HOLDS, Kind::HOLDS);
        }
        if let Some(collection) = filter.collection {
            (mask, kind) = (mask | Kind::COLLECTION, kind | Kind::collection(collection));
        }
        if let Some(tier) = filter.tier {
            (mask, kind) = (mask | Kind::TIER, kind | Kind::tier(tier));
        }
        Some(Self {
            owner,
            agent: filter.agent.map(|name| agent(Some(name))),
            mask,
            kind,
            conversation,
            least: filter.min_utility.map_or(0, Utility::ten_thousandths),
            labels: labels(&names.labels, filter),
            except: filter.except_message.as_ref().map(MessageId::bytes),
            moments: moments(filter),
        })
    }

    /// Tells whether a filter asks for more than an owner, an agent, and what holds today.
    pub(super) fn is_narrow(&self) -> bool {
        self.mask & !Kind::HOLDS != 0
            || self.conversation.is_some()
            || self.least > 0
            || self.labels.is_some()
            || self.moments.is_some()
    }

    /// Tells whether all rows of the owner, and of the agent if one is wanted, pass.
    pub(super) fn is_open(&self, cards: &Cards) -> bool {
        !self.is_narrow() && self.except.is_none() && (self.mask == 0 || cards.ended() == 0)
    }

    /// Tells whether a row passes.
    pub(super) fn takes(&self, cards: &Cards, row: u32) -> bool {
        let tag = cards.tags[row as usize];
        self.takes_tag(tag)
            && self.except.is_none_or(|it| !tag.kind.said() || cards.message(row as usize) != it)
            && self.moments.is_none_or(|it| it.take(cards.times[row as usize], tag.kind))
    }

    fn takes_tag(&self, tag: Tag) -> bool {
        tag.owner == self.owner
            && tag.kind.0 & self.mask == self.kind
            && tag.utility >= self.least
            && self.agent.is_none_or(|agent| agent == tag.agent)
            && self.conversation.is_none_or(|conversation| conversation == tag.conversation)
            && self.labels.as_ref().is_none_or(|passing| passing[tag.labels as usize])
    }
}

impl Moments {
    fn take(self, times: Times, kind: Kind) -> bool {
        let held = |at| times.from <= at && (kind.holds() || at < times.until);
        times.said >= self.from
            && self.until.is_none_or(|until| times.said < until)
            && self.as_of.is_none_or(held)
    }
}

fn moments(filter: &SearchFilter) -> Option<Moments> {
    let asked = filter.from.is_some() || filter.until.is_some() || filter.as_of.is_some();
    asked.then(|| Moments {
        from: filter.from.map_or(i64::MIN, Timestamp::unix_micros),
        until: filter.until.map(Timestamp::unix_micros),
        as_of: filter.as_of.map(Timestamp::unix_micros),
    })
}

fn labels(known: &Numbers<Labels>, filter: &SearchFilter) -> Option<Vec<bool>> {
    let SearchFilter { phase, outcome, source, domain, .. } = filter;
    let passes = |it: &Labels| {
        (phase.is_none() || *phase == it.phase)
            && (outcome.is_none() || *outcome == it.outcome)
            && (source.is_none() || *source == it.source)
            && (domain.is_none() || *domain == it.domain)
    };
    let asked = phase.is_some() || outcome.is_some() || source.is_some() || domain.is_some();
    asked.then(|| known.all().iter().map(passes).collect())
}
