//! All segments of an index at one moment, and the changes that keep an id in one place.
//!
//! Lives behind one lock: searches share it, a change holds it for microseconds. Building happens
//! elsewhere ([`merge`](super::merge)) on segments that no longer change.
//!
//! Invariant: an id has at most one row that is not dead, over all segments.

use std::{cmp::Reverse, sync::Arc};

use appliance_core::{Embedding, MemoryId, SearchFilter, UserId, ports::IndexEntry};

use super::{
    bits::Bits,
    code::Query,
    graph::walk::{Field, Scratch},
    rows::{NO_MESSAGE, NewRow},
    segment::{Ask, Ids, Plan, Segment},
    simd::{Block, Unit},
    tag::{Owners, Tag, Wanted},
    top::{row_of, score_of},
};
use crate::dot::dot;

/// A segment that no longer grows, and its dead.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) segment: Arc<Segment>,
    pub(super) dead: Bits,
}

/// An entry whose vector is already coded, so that nothing is computed under the lock.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) entry: &'a IndexEntry,
    pub(super) codes: Vec<Block>,
    pub(super) scale: f32,
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
    pub(super) owners: Owners,
    pub(super) parts: Vec<Part>,
    pub(super) fresh: Segment,
    pub(super) fresh_dead: Bits,
    room: usize,
}

impl State {
    /// Makes an empty one; a fresh segment is sealed at `room` rows.
    pub(super) fn new(dim: usize, room: usize) -> Self {
        let fresh = Segment::fresh(dim, 0);
        Self {
            owners: Owners::default(),
            parts: Vec::new(),
            fresh,
            fresh_dead: Bits::default(),
            room,
        }
    }

    /// Returns how many rows are not dead.
    pub(super) fn len(&self) -> usize {
        let alive = |part: &Part| part.segment.rows.len() - part.dead.count();
        let parts: usize = self.parts.iter().map(alive).sum();
        parts + self.fresh.rows.len() - self.fresh_dead.count()
    }

    /// Inserts or replaces; tells whether that sealed the fresh segment.
    pub(super) fn put(&mut self, prepared: &Prepared<'_>) -> bool {
        let entry = prepared.entry;
        self.bury(entry.id, None);
        let tag = Tag::of(entry, self.owners.number(entry.owner));
        let row = self.fresh.rows.push(&NewRow {
            id: entry.id,
            tag,
            message: entry.message_id.unwrap_or(NO_MESSAGE),
            values: entry.embedding.values(),
            codes: &prepared.codes,
            scale: prepared.scale,
        });
        if let Ids::Map(ids) = &mut self.fresh.ids {
            ids.insert(entry.id, row);
        }
        self.fresh.rows.len() >= self.room && self.seal()
    }

    /// Marks the row of an id dead, if it is `owner`'s or nobody is named; tells whether one was.
    pub(super) fn bury(&mut self, id: MemoryId, owner: Option<u32>) -> bool {
        let may = |segment: &Segment, row: u32| {
            owner.is_none_or(|owner| segment.rows.tags[row as usize].owner == owner)
        };
        if let Some(row) = self.fresh.find(id, &self.fresh_dead) {
            return may(&self.fresh, row) && self.fresh_dead.add(row);
        }
        let found = self.parts.iter_mut().rev().find_map(|part| {
            let row = part.segment.find(id, &part.dead)?;
            Some((part, row))
        });
        found.is_some_and(|(part, row)| may(&part.segment, row) && part.dead.add(row))
    }

    /// Stops the fresh segment from growing and begins another; tells whether it held anything.
    pub(super) fn seal(&mut self) -> bool {
        if self.fresh.rows.len() == 0 {
            return false;
        }
        let next = Segment::fresh(self.fresh.rows.dim, self.room);
        let segment = Arc::new(std::mem::replace(&mut self.fresh, next));
        self.parts.push(Part { segment, dead: std::mem::take(&mut self.fresh_dead) });
        true
    }

    /// Answers a search: approximate scores choose, exact ones decide.
    pub(super) fn search(
        &self,
        unit: Unit,
        ask: &Question<'_>,
        scratch: &mut Scratch,
    ) -> Vec<(MemoryId, f32)> {
        let Some(owner) = self.owners.find(ask.owner) else { return Vec::new() };
        let k = ask.k.min(self.len());
        if k == 0 {
            return Vec::new();
        }
        let wanted = Wanted::new(owner, ask.filter);
        let query = Query::of(ask.embedding.values());
        let mut near: Vec<(u64, &Segment)> = Vec::new();
        let mut found = Vec::new();
        for (segment, dead) in self.segments() {
            let field = Field { unit, rows: &segment.rows, query: &query };
            let most = reranked(k).min(segment.rows.len());
            segment
                .nearest(&Ask { field, wanted, dead, most, ef: ask.ef, plan: ask.plan }, scratch);
            scratch.found.drain_into(&mut found);
            near.extend(found.drain(..).map(|packed| (packed, segment)));
        }
        near.sort_unstable_by_key(|&(packed, _)| Reverse(packed));
        near.truncate(reranked(k));
        decide(&near, ask.embedding.values(), k)
    }

    fn segments(&self) -> impl Iterator<Item = (&Segment, &Bits)> {
        let parts = self.parts.iter().map(|part| (part.segment.as_ref(), &part.dead));
        parts.chain([(&self.fresh, &self.fresh_dead)])
    }
}

/// Rows compared exactly for `k` wanted: codes misplace a neighbour by a few ranks at most.
fn reranked(k: usize) -> usize {
    k + k.clamp(10, 100)
}

/// Orders by the exact cosine, equal ones by id.
fn decide(near: &[(u64, &Segment)], query: &[f32], k: usize) -> Vec<(MemoryId, f32)> {
    let exact = |&(packed, segment): &(u64, &Segment)| {
        let row = row_of(packed);
        // Rounding may carry the product of unit vectors a little over one.
        let cosine = dot(segment.rows.vector(row), query).clamp(-1.0, 1.0);
        debug_assert!((cosine - score_of(packed)).abs() < 0.1);
        (segment.rows.ids[row as usize], cosine)
    };
    let mut found: Vec<_> = near.iter().map(exact).collect();
    found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(k);
    found
}
