//! One owner's vectors, row after row in one allocation, with what a search filters by.
//!
//! Knows no other owner: that a search cannot leave its scope follows from its reading one of these.
//! Invariant: `values` holds exactly `dim` numbers for each entry of `keys`, in the same order.

use appliance_core::{Embedding, Facets, MemoryId, SearchFilter, UserId, ports::IndexEntry};

use crate::dot::dot;

/// What a row is, besides its vector.
#[derive(Debug, Clone)]
struct Key {
    id: MemoryId,
    facets: Facets,
}

/// The vectors of one owner.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    keys: Vec<Key>,
    values: Vec<f32>,
}

impl Rows {
    /// Appends a row and returns its place.
    pub(crate) fn push(&mut self, entry: &IndexEntry) -> usize {
        self.keys.push(key(entry));
        self.values.extend_from_slice(entry.embedding.values());
        self.keys.len() - 1
    }

    /// Replaces the row at `place`.
    pub(crate) fn replace(&mut self, place: usize, entry: &IndexEntry) {
        let values = entry.embedding.values();
        self.keys[place] = key(entry);
        self.values[place * values.len()..][..values.len()].copy_from_slice(values);
    }

    /// Gives the row at `place` other facets.
    pub(crate) fn retag(&mut self, place: usize, facets: Facets) {
        self.keys[place].facets = facets;
    }

    /// Takes the row at `place` out; returns the id of the row that moved there, if one did.
    pub(crate) fn remove(&mut self, place: usize, dim: usize) -> Option<MemoryId> {
        self.keys.swap_remove(place);
        let last = self.keys.len();
        self.values.copy_within(last * dim.., place * dim);
        self.values.truncate(last * dim);
        self.keys.get(place).map(|moved| moved.id)
    }

    /// Returns the `k` nearest rows that pass, nearest first, equal ones by id.
    pub(crate) fn nearest(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Vec<(MemoryId, f32)> {
        let query = query.values();
        let rows = self.keys.iter().zip(self.values.chunks_exact(query.len()));
        let passing = rows.filter(|(key, _)| key.facets.pass(owner, filter));
        let found = passing.map(|(key, row)| (key.id, cosine(row, query))).collect();
        nearest_first(found, k)
    }
}

fn key(entry: &IndexEntry) -> Key {
    Key { id: entry.id, facets: entry.facets.clone() }
}

/// Rounding may carry the product of unit vectors a little over one.
pub(crate) fn cosine(row: &[f32], query: &[f32]) -> f32 {
    dot(row, query).clamp(-1.0, 1.0)
}

/// Orders by the cosine, equal ones by id, and keeps the first `k`.
pub(crate) fn nearest_first(mut found: Vec<(MemoryId, f32)>, k: usize) -> Vec<(MemoryId, f32)> {
    let order = |a: &(MemoryId, f32), b: &(MemoryId, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if k == 0 {
        return Vec::new();
    }
    if found.len() > k {
        found.select_nth_unstable_by(k - 1, order);
        found.truncate(k);
    }
    found.sort_unstable_by(order);
    found
}
