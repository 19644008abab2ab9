//! All segments of an index at one moment, and the changes that keep an id in one place.
//!
//! Lives behind one lock: searches share it, a change holds it for microseconds. Building happens
//! elsewhere ([`merge`](super::merge)) on segments that no longer change.
//!
//! Invariant: an id has at most one row that is not dead, over all segments.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use appliance_core::{Embedding, Facets, MemoryId, SearchFilter, UserId};

use super::{
    bits::Bits,
    card::{Card, Cards},
    code::{Query, encode},
    graph::walk::{Field, Scratch},
    names::Names,
    rows::NewRow,
    search::{Ask, Plan, View},
    segment::{Ids, Segment},
    signs::Asked,
    simd::{Block, Unit},
    top::{row_of, score_of},
    wanted::Wanted,
};
use crate::nearest::{cosine, nearest_first};

/// A segment, what its rows are filtered by, and its dead. Only the one that is not shared grows.
#[derive(Debug)]
pub(super) struct Part<S = Arc<Segment>> {
    pub(super) segment: S,
    pub(super) cards: Cards,
    pub(super) dead: Bits,
}

impl<S: AsRef<Segment>> Part<S> {
    /// Returns how many rows are not dead.
    pub(super) fn alive(&self) -> usize {
        self.segment.as_ref().rows.len() - self.dead.count()
    }

    fn view(&self) -> View<'_> {
        View { segment: self.segment.as_ref(), cards: &self.cards, dead: &self.dead }
    }

    /// Returns the living row of an id.
    fn find(&self, id: MemoryId) -> Option<u32> {
        self.segment.as_ref().find(id, &self.dead)
    }

    /// Marks a row dead, if it is `owner`'s or nobody is named; tells whether it did.
    fn bury(&mut self, row: u32, owner: Option<u32>) -> bool {
        let may = owner.is_none_or(|owner| self.cards.tags[row as usize].owner == owner);
        may && self.dead.add(row)
    }

    /// Gives a row another card; tells whether it could: whose it is stays.
    fn retag(&mut self, row: u32, card: &Card) -> bool {
        let tag = self.cards.tags[row as usize];
        let same = (tag.owner, tag.agent) == (card.tag.owner, card.tag.agent);
        if same {
            self.cards.set(row, card);
        }
        same
    }
}

/// A vector on its way in, coded already, so that little is computed under the lock.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) id: MemoryId,
    pub(super) facets: &'a Facets,
    pub(super) values: &'a [f32],
    pub(super) codes: Vec<Block>,
    pub(super) scale: f32,
}

impl<'a> Prepared<'a> {
    /// Codes a vector.
    pub(super) fn new(id: MemoryId, facets: &'a Facets, values: &'a [f32]) -> Self {
        let mut codes = Vec::new();
        let scale = encode(values, &mut codes);
        Self { id, facets, values, codes, scale }
    }
}

/// One search.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) owner: UserId,
    pub(super) embedding: &'a Embedding,
    pub(super) filter: &'a SearchFilter,
    pub(super) k: usize,
    pub(super) ef: usize,
    pub(super) plan: Plan,
}

/// All segments.
#[derive(Debug)]
pub(super) struct State {
    pub(super) names: Names,
    pub(super) parts: Vec<Part>,
    pub(super) fresh: Part<Segment>,
    room: usize,
}

impl State {
    /// Makes an empty one; a fresh segment is sealed at `room` rows.
    pub(super) fn new(dim: usize, room: usize) -> Self {
        let fresh = fresh(dim, 0);
        Self { names: Names::default(), parts: Vec::new(), fresh, room }
    }

    /// Returns the names that living rows have.
    pub(super) fn living_names(&self) -> Names {
        let mut has = HashSet::new();
        let parts = self.parts.iter().map(|part| (&part.cards, &part.dead));
        for (cards, dead) in parts.chain([(&self.fresh.cards, &self.fresh.dead)]) {
            let living = (0..).zip(cards.tags.iter()).filter(|(row, _)| !dead.has(*row));
            has.extend(living.map(|(_, tag)| tag.labels));
        }
        self.names.of_the_living(|number| has.contains(&number))
    }

    /// Returns how many rows are not dead.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Part::alive).sum::<usize>() + self.fresh.alive()
    }

    /// Inserts or replaces; tells whether that sealed the fresh segment.
    pub(super) fn put(&mut self, it: &Prepared<'_>) -> bool {
        self.bury(it.id, None);
        let card = Card::of(it.facets, &mut self.names);
        let (id, values, codes, scale) = (it.id, it.values, it.codes.as_slice(), it.scale);
        self.append(&NewRow { id, values, codes, scale }, &card)
    }

    /// Appends a row whose id has no other; tells whether that sealed the fresh segment.
    pub(super) fn append(&mut self, row: &NewRow<'_>, card: &Card) -> bool {
        self.fresh.segment.rows.push(row);
        self.fresh.cards.push(card);
        let Segment { rows, ids, .. } = &mut self.fresh.segment;
        if let Ids::Table(table) = ids {
            table.insert_last(&rows.ids);
        }
        self.fresh.segment.rows.len() >= self.room && self.seal()
    }

    /// Marks the row of an id dead, if it is `owner`'s or nobody is named; tells whether one was.
    pub(super) fn bury(&mut self, id: MemoryId, owner: Option<u32>) -> bool {
        if let Some(row) = self.fresh.find(id) {
            return self.fresh.bury(row, owner);
        }
        let found =
            self.parts.iter_mut().rev().find_map(|part| part.find(id).map(|row| (part, row)));
        found.is_some_and(|(part, row)| part.bury(row, owner))
    }

    /// Gives the row of an id other facets; tells whether there was one, of the same owner.
    pub(super) fn retag(&mut self, id: MemoryId, facets: &Facets) -> bool {
        if self.names.owners.find(&facets.owner).is_none() {
            return false;
        }
        if let Some(row) = self.fresh.find(id) {
            let card = Card::of(facets, &mut self.names);
            return self.fresh.retag(row, &card) || self.move_to_agent(id, facets);
        }
        let found =
            self.parts.iter_mut().rev().find_map(|part| part.find(id).map(|row| (part, row)));
        let Some((part, row)) = found else { return false };
        let card = Card::of(facets, &mut self.names);
        part.retag(row, &card) || self.move_to_agent(id, facets)
    }

    /// Lists are cut by agent: a row that changes it is put in anew.
    fn move_to_agent(&mut self, id: MemoryId, facets: &Facets) -> bool {
        let Some(owner) = self.names.owners.find(&facets.owner) else { return false };
        let mine = |view: View<'_>, row: u32| view.cards.tags[row as usize].owner == owner;
        let row_in = |view: View<'_>| {
            let row = view.segment.find(id, view.dead).filter(|row| mine(view, *row))?;
            Some(view.segment.rows.vector(row).into_owned())
        };
        let Some(values) = self.views().find_map(row_in) else { return false };
        self.put(&Prepared::new(id, facets, &values));
        true
    }

    /// Stops the fresh segment from growing and begins another; tells whether it held anything.
    pub(super) fn seal(&mut self) -> bool {
        if self.fresh.segment.rows.len() == 0 {
            return false;
        }
        let next = fresh(self.fresh.segment.rows.dim, self.room);
        let Part { segment, cards, dead } = std::mem::replace(&mut self.fresh, next);
        self.parts.push(Part { segment: Arc::new(segment), cards, dead });
        true
    }

    /// Answers a search: approximate scores choose, exact ones decide.
    pub(super) fn search(
        &self,
        unit: Unit,
        ask: &Question<'_>,
        scratch: &mut Scratch,
    ) -> Vec<(MemoryId, f32)> {
        let k = ask.k.min(self.len());
        let wanted = Wanted::new(&self.names, ask.owner, ask.filter).filter(|_| k > 0);
        let Some(wanted) = wanted else { return Vec::new() };
        let (query, signs) =
            (Query::of(ask.embedding.values()), Asked::new(ask.embedding.values()));
        let mut near: Vec<(u64, &Segment)> = Vec::new();
        let mut found = Vec::new();
        for view in self.views() {
            let field = Field { unit, rows: &view.segment.rows, query: &query };
            let most = reranked(k).min(view.segment.rows.len());
            let (wanted, ef, plan) = (&wanted, ask.ef, ask.plan);
            view.nearest(&Ask { field, signs: &signs, wanted, most, ef, plan }, scratch);
            scratch.found.drain_into(&mut found);
            near.extend(found.drain(..).map(|packed| (packed, view.segment)));
        }
        near.sort_unstable_by_key(|&(packed, _)| Reverse(packed));
        near.truncate(reranked(k));
        near.truncate(in_doubt(&near, query.scale, k));
        decide(&near, ask.embedding.values(), k)
    }

    fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.parts.iter().map(Part::view).chain([self.fresh.view()])
    }
}

fn fresh(dim: usize, room: usize) -> Part<Segment> {
    let mut cards = Cards::default();
    cards.reserve(room);
    Part { segment: Segment::fresh(dim, room), cards, dead: Bits::default() }
}

/// Rows compared exactly for `k` wanted: codes misplace a neighbour by a few ranks at most.
fn reranked(k: usize) -> usize {
    k + k.clamp(10, 100)
}

/// Returns how many of the nearest, in order, could be among the `k` nearest.
///
/// A code is off by at most half a scale in each number, evenly: the errors of a unit vector's product
/// add up to a normal one whose deviation is the scale over the root of twelve. Both scales together are
/// three and a half deviations of the difference of two rows.
fn in_doubt(near: &[(u64, &Segment)], scale: f32, k: usize) -> usize {
    let Some(&(last, segment)) = near.get(k.wrapping_sub(1)) else { return near.len() };
    let least = score_of(last) - scale - segment.rows.scales[row_of(last) as usize];
    k + near[k..].iter().take_while(|(packed, _)| score_of(*packed) >= least).count()
}

/// Orders by the exact cosine, equal ones by id.
fn decide(near: &[(u64, &Segment)], query: &[f32], k: usize) -> Vec<(MemoryId, f32)> {
    near.iter().for_each(|(packed, segment)| segment.rows.expect_vector(row_of(*packed)));
    let exact = |&(packed, segment): &(u64, &Segment)| {
        let row = row_of(packed);
        let cosine = cosine(&segment.rows.vector(row), query);
        debug_assert!((cosine - score_of(packed)).abs() < 0.1);
        (segment.rows.id(row), cosine)
    };
    nearest_first(near.iter().map(exact).collect(), k)
}
