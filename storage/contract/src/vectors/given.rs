//! What the rules put in: entries drawn from a seed, filters over all they can say, a plain list.

use appliance_core::{
    AgentName, Collection, ConversationId, Embedding, ErrorKind, Facets, MemoryId, MemoryTier,
    MessageId, Phase, SearchFilter, StoreError, Timestamp, UserId,
    memory::{Labels, Outcome, Utility},
    ports::IndexEntry,
};

use super::DIM;

/// The first moment that anything was said, and how many moments there are.
const FIRST: i64 = 1_793_000_000_000_000;
const MOMENTS: u64 = 50;

/// The `n`th memory's id.
pub fn id(n: u32) -> MemoryId {
    MemoryId::from_bytes(numbered(n))
}

/// The `n`th owner's id.
pub fn owner(n: u32) -> UserId {
    UserId::from_bytes(numbered(n + 1))
}

fn numbered(n: u32) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes
}

/// Scales to unit length; an arbitrary vector where that cannot be done.
pub fn unit(values: impl Iterator<Item = f32>) -> Embedding {
    let values: Vec<f32> = values.collect();
    let ones = vec![1.0; values.len().max(1)];
    Embedding::normalised(values).unwrap_or_else(|| unit(ones.into_iter()))
}

/// Returns what a refused call said; panics where it was not refused as invalid.
pub fn refusal(refused: Result<(), StoreError>) -> String {
    let invalid = refused.err().filter(|error| error.kind == ErrorKind::Invalid);
    assert!(invalid.is_some(), "it had to be refused as invalid");
    invalid.map(|error| error.to_string()).unwrap_or_default()
}

/// Draws numbers, the same ones for the same seed.
pub struct Draws(u64);

impl Draws {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % end
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    fn maybe<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (self.below(3) > 0).then(|| self.one_of(all))
    }

    /// Returns a vector.
    pub fn vector(&mut self) -> Embedding {
        unit(
            (0..DIM)
                .map(|_| self.below(2_000_001) as f32 / 1e6 - 1.0)
                .collect::<Vec<_>>()
                .into_iter(),
        )
    }

    /// Returns an entry of the first owner that holds today.
    pub fn entry(&mut self, n: u32) -> IndexEntry {
        self.today(n, owner(0))
    }

    /// Returns an entry that holds today.
    pub fn today(&mut self, n: u32, owner: UserId) -> IndexEntry {
        let mut entry = self.entry_of(n, owner);
        entry.facets.valid_until = None;
        entry
    }

    /// Returns an entry with facets of every kind; three in four hold today.
    pub fn entry_of(&mut self, n: u32, owner: UserId) -> IndexEntry {
        IndexEntry { id: id(n), facets: self.facets(owner), embedding: self.vector() }
    }

    /// Returns facets of every kind.
    pub fn facets(&mut self, owner: UserId) -> Facets {
        let created_at = self.moment();
        let ended = self.below(4) == 0;
        Facets {
            owner,
            collection: self.one_of(&Collection::ALL),
            tier: self.one_of(&MemoryTier::ALL),
            agent: self.maybe(&AgentName::ALL),
            conversation_id: self.maybe(&conversations()),
            message_id: self.maybe(&messages()),
            created_at,
            utility: self.utility(),
            valid_from: created_at,
            valid_until: ended.then(|| self.moment().max(created_at)),
            labels: Labels {
                phase: self.maybe(&[Phase::Observe, Phase::Verify, Phase::Learn]),
                outcome: self.maybe(&[Outcome::Success, Outcome::Failure]),
                source: self.maybe(&texts()),
                domain: self.maybe(&texts()),
            },
        }
    }

    fn moment(&mut self) -> Timestamp {
        Timestamp::from_unix_micros(FIRST + self.below(MOMENTS) as i64)
    }

    fn utility(&mut self) -> Utility {
        Utility::from_ten_thousandths(self.below(10_001) as u16)
    }
}

fn conversations() -> [ConversationId; 4] {
    [0, 1, 2, 3].map(|n| ConversationId::from_bytes(numbered(n)))
}

fn messages() -> [MessageId; 5] {
    [0, 1, 2, 3, 4].map(|n| MessageId::from_bytes(numbered(n)))
}

/// Labels as people write them: quotes, blanks, nothing at all.
fn texts() -> [String; 4] {
    ["documentation", "it's \"so\" \u{1f980}", "", "a/b c"].map(str::to_owned)
}

/// Every field alone, with values that something has and that nothing has, and fields together.
pub fn filters(draws: &mut Draws) -> Vec<SearchFilter> {
    let mut filters = alone(draws);
    for _ in 0..30 {
        let parts = [draws.one_of(&filters), draws.one_of(&filters), draws.one_of(&filters)];
        filters.push(parts.into_iter().fold(SearchFilter::default(), both));
    }
    filters
}

fn alone(draws: &mut Draws) -> Vec<SearchFilter> {
    let none = SearchFilter::default;
    let nowhere = ConversationId::from_bytes(numbered(99));
    let mut filters = vec![
        none(),
        SearchFilter { conversation_id: Some(draws.one_of(&conversations())), ..none() },
        SearchFilter { conversation_id: Some(nowhere), ..none() },
        SearchFilter { except_message: Some(draws.one_of(&messages())), ..none() },
        SearchFilter { from: Some(draws.moment()), ..none() },
        SearchFilter { until: Some(draws.moment()), ..none() },
        SearchFilter { min_utility: Some(draws.utility()), ..none() },
        SearchFilter { min_utility: Some(Utility::MOST), ..none() },
        SearchFilter { phase: Some(Phase::Learn), ..none() },
        SearchFilter { phase: Some(Phase::Plan), ..none() },
        SearchFilter { outcome: Some(Outcome::Failure), ..none() },
        SearchFilter { as_of: Some(draws.moment()), ..none() },
        SearchFilter { as_of: Some(Timestamp::from_unix_micros(0)), ..none() },
        SearchFilter { source: Some("nobody wrote this".to_owned()), ..none() },
    ];
    let collections = Collection::ALL.map(Some);
    filters.extend(collections.map(|collection| SearchFilter { collection, ..none() }));
    filters.extend(MemoryTier::ALL.map(Some).map(|tier| SearchFilter { tier, ..none() }));
    filters.extend(AgentName::ALL.map(Some).map(|agent| SearchFilter { agent, ..none() }));
    filters.extend(texts().map(Some).map(|source| SearchFilter { source, ..none() }));
    filters.extend(texts().map(Some).map(|domain| SearchFilter { domain, ..none() }));
    filters
}

/// Narrows by both; where both say something of a field, the second counts.
fn both(a: SearchFilter, b: SearchFilter) -> SearchFilter {
    SearchFilter {
        collection: b.collection.or(a.collection),
        tier: b.tier.or(a.tier),
        agent: b.agent.or(a.agent),
        conversation_id: b.conversation_id.or(a.conversation_id),
        except_message: b.except_message.or(a.except_message),
        from: b.from.or(a.from),
        until: b.until.or(a.until),
        min_utility: b.min_utility.or(a.min_utility),
        phase: b.phase.or(a.phase),
        outcome: b.outcome.or(a.outcome),
        source: b.source.or(a.source),
        domain: b.domain.or(a.domain),
        as_of: b.as_of.or(a.as_of),
    }
}

/// What an index must agree with: a list, compared one by one.
#[derive(Default)]
pub struct Plain(Vec<IndexEntry>);

impl Plain {
    /// Inserts or replaces.
    pub fn put(&mut self, entry: IndexEntry) {
        self.0.retain(|kept| kept.id != entry.id);
        self.0.push(entry);
    }

    /// Removes those of `ids` that are `owner`'s; returns how many.
    pub fn delete(&mut self, owner: UserId, ids: &[MemoryId]) -> usize {
        let before = self.0.len();
        self.0.retain(|it| it.facets.owner != owner || !ids.contains(&it.id));
        before - self.0.len()
    }

    /// Gives entries other facets.
    pub fn retag(&mut self, changed: Vec<(MemoryId, Facets)>) {
        for (id, facets) in changed {
            self.0.iter_mut().filter(|it| it.id == id).for_each(|it| it.facets = facets.clone());
        }
    }

    /// Returns all entries.
    pub fn entries(&self) -> impl Iterator<Item = &IndexEntry> {
        self.0.iter()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns all that pass, with their cosine, nearest first.
    pub fn nearest(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
    ) -> Vec<(MemoryId, f32)> {
        let passing = self.0.iter().filter(|it| it.facets.pass(owner, filter));
        let cosine = |it: &IndexEntry| {
            it.embedding.values().iter().zip(query.values()).map(|(a, b)| a * b).sum::<f32>()
        };
        let mut found: Vec<_> = passing.map(|it| (it.id, cosine(it))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found
    }
}
