//! Every row that the graph knows, with what it is filtered by: the truth the graph is built from.
//!
//! Invariant: an id has one living row; `owners` lists every row of an owner, dead ones too.

use std::collections::HashMap;

use appliance_core::{Embedding, Facets, MemoryId, SearchFilter, UserId};

use crate::nearest::{cosine, nearest_first};

/// Rows looked at to guess how many pass.
const SAMPLE: usize = 128;

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: MemoryId,
    pub(super) facets: Facets,
    pub(super) embedding: Embedding,
    pub(super) dead: bool,
}

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    places: HashMap<MemoryId, usize>,
    owners: HashMap<UserId, Vec<usize>>,
}

impl Table {
    /// Returns how many rows are alive.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns how many are dead.
    pub(super) fn dead(&self) -> usize {
        self.rows.len() - self.places.len()
    }

    /// Appends a row, in the place of the one its id had; returns its number.
    pub(super) fn push(&mut self, row: Row) -> usize {
        let number = self.rows.len();
        self.owners.entry(row.facets.owner).or_default().push(number);
        if !row.dead
            && let Some(old) = self.places.insert(row.id, number)
        {
            self.rows[old].dead = true;
        }
        self.rows.push(row);
        number
    }

    /// Marks the row of an id dead, if it is `owner`'s; tells whether it was.
    pub(super) fn bury(&mut self, owner: UserId, id: MemoryId) -> bool {
        let Some(row) = self.row_of(owner, id) else { return false };
        self.places.remove(&id);
        self.rows[row].dead = true;
        true
    }

    /// Gives the row of an id other facets; tells whether there was one, of the same owner.
    pub(super) fn retag(&mut self, id: MemoryId, facets: &Facets) -> bool {
        let Some(row) = self.row_of(facets.owner, id) else { return false };
        self.rows[row].facets = facets.clone();
        true
    }

    fn row_of(&self, owner: UserId, id: MemoryId) -> Option<usize> {
        self.places.get(&id).copied().filter(|row| self.rows[*row].facets.owner == owner)
    }

    /// Returns how many rows an owner has had.
    pub(super) fn listed(&self, owner: UserId) -> usize {
        self.owners.get(&owner).map_or(0, Vec::len)
    }

    /// Tells whether a row may be returned.
    pub(super) fn passes(&self, row: usize, owner: UserId, filter: &SearchFilter) -> bool {
        let row = &self.rows[row];
        !row.dead && row.facets.pass(owner, filter)
    }

    /// Guesses how many rows pass, from a sample.
    pub(super) fn passing(&self, owner: UserId, filter: &SearchFilter) -> usize {
        let Some(rows) = self.owners.get(&owner) else { return 0 };
        let step = rows.len().div_ceil(SAMPLE).max(1);
        let sampled = rows.iter().step_by(step);
        sampled.filter(|row| self.passes(**row, owner, filter)).count() * step
    }

    /// Compares every row that passes.
    pub(super) fn scan(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Vec<(MemoryId, f32)> {
        let rows = self.owners.get(&owner).map_or(&[][..], Vec::as_slice);
        let passing = rows.iter().copied().filter(|row| self.passes(*row, owner, filter));
        self.ranked(passing, query, k)
    }

    /// Orders rows by their cosine and keeps the first `k`.
    pub(super) fn ranked(
        &self,
        rows: impl Iterator<Item = usize>,
        query: &Embedding,
        k: usize,
    ) -> Vec<(MemoryId, f32)> {
        let scored = |row: usize| {
            let row = &self.rows[row];
            (row.id, cosine(row.embedding.values(), query.values()))
        };
        nearest_first(rows.map(scored).collect(), k)
    }
}
