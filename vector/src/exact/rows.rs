//! One owner's vectors, row after row in one allocation, with what a search filters by.
//!
//! Knows no other owner: that a search cannot leave its scope follows from its reading one of these.
//! Invariant: `values` holds exactly `dim` numbers for each entry of `keys`, in the same order.

use appliance_core::{Embedding, Facets, MemoryId, SearchFilter, UserId, ports::IndexEntry};

use crate::nearest::{cosine, nearest_first};

/// What a row is, besides its vector.
#[derive(Debug, Clone)]
struct Key {
    id: MemoryId,
    facets: Facets,
}

/// The vectors of one owner.
#[derive(Debug, Default)]
pub(super) struct Rows {
    keys: Vec<Key>,
    values: Vec<f32>,
}

impl Rows {
    /// Appends a row and returns its place.
    pub(super) fn push(&mut self, entry: &IndexEntry) -> usize {
        self.keys.push(key(entry));
        self.values.extend_from_slice(entry.embedding.values());
        self.keys.len() - 1
    }

    /// Replaces the row at `place`.
    pub(super) fn replace(&mut self, place: usize, entry: &IndexEntry) {
        let values = entry.embedding.values();
        self.keys[place] = key(entry);
        self.values[place * values.len()..][..values.len()].copy_from_slice(values);
    }

    /// Gives the row at `place` other facets.
    pub(super) fn retag(&mut self, place: usize, facets: Facets) {
        self.keys[place].facets = facets;
    }

    /// Takes the row at `place` out; returns the id of the row that moved there, if one did.
    pub(super) fn remove(&mut self, place: usize, dim: usize) -> Option<MemoryId> {
        self.keys.swap_remove(place);
        let last = self.keys.len();
        self.values.copy_within(last * dim.., place * dim);
        self.values.truncate(last * dim);
        self.keys.get(place).map(|moved| moved.id)
    }

    /// Returns the `k` nearest rows that pass, nearest first, equal ones by id.
    pub(super) fn nearest(
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
