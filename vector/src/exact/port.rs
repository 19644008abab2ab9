//! [`ExactIndex`]: the port over one table an owner. Computes no cosine; `rows` does.
//!
//! Invariant: an id has one row, under one owner; `places` says where.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use appliance_core::{
    Embedding, Facets, MemoryId, SearchFilter, StoreError, UserId,
    ports::{IndexEntry, VectorIndex},
};
use async_trait::async_trait;

use super::rows::Rows;

/// A [`VectorIndex`] in memory: 1 KiB a vector of 256 dimensions, no warm-up, exact results.
#[derive(Debug)]
pub struct ExactIndex {
    dim: usize,
    shelves: RwLock<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    owners: HashMap<UserId, Rows>,
    places: HashMap<MemoryId, (UserId, usize)>,
}

impl ExactIndex {
    /// Makes an empty index for vectors of `dim` numbers.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        Self { dim, shelves: RwLock::default() }
    }

    fn check(&self, op: &'static str, embedding: &Embedding) -> Result<(), StoreError> {
        let got = embedding.values().len();
        if got == self.dim {
            return Ok(());
        }
        let why = format!("vector has {got} dimensions, this index takes {}", self.dim);
        Err(StoreError::invalid(op, why))
    }
}

#[async_trait]
impl VectorIndex for ExactIndex {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        for entry in &entries {
            self.check("vectors.upsert", &entry.embedding)?;
        }
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        for entry in &entries {
            shelves.put(entry, self.dim);
        }
        Ok(())
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.into_iter().map(|(id, facets)| usize::from(shelves.retag(id, facets))).sum())
    }

    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.check("vectors.search", query)?;
        let shelves = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
        let Some(rows) = shelves.owners.get(&owner) else { return Ok(Vec::new()) };
        Ok(rows.nearest(owner, query, filter, k))
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        Ok(ids.iter().filter(|id| shelves.delete(owner, **id, self.dim)).count())
    }

    fn count(&self) -> usize {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner).places.len()
    }
}

impl Shelves {
    fn put(&mut self, entry: &IndexEntry, dim: usize) {
        match self.places.get(&entry.id).copied() {
            Some((owner, place)) if owner == entry.facets.owner => {
                self.owners.entry(owner).or_default().replace(place, entry);
            }
            Some((owner, place)) => {
                self.take(owner, place, dim);
                self.push(entry);
            }
            None => self.push(entry),
        }
    }

    /// Tells whether the id was there, under the same owner.
    fn retag(&mut self, id: MemoryId, facets: Facets) -> bool {
        let place = self.places.get(&id).filter(|(whose, _)| *whose == facets.owner).copied();
        let Some((owner, place)) = place else { return false };
        self.owners.entry(owner).or_default().retag(place, facets);
        true
    }

    fn delete(&mut self, owner: UserId, id: MemoryId, dim: usize) -> bool {
        let place = self.places.get(&id).filter(|(whose, _)| *whose == owner).map(|place| place.1);
        let Some(place) = place else { return false };
        self.places.remove(&id);
        self.take(owner, place, dim);
        true
    }

    fn push(&mut self, entry: &IndexEntry) {
        let place = self.owners.entry(entry.facets.owner).or_default().push(entry);
        self.places.insert(entry.id, (entry.facets.owner, place));
    }

    fn take(&mut self, owner: UserId, place: usize, dim: usize) {
        let moved = self.owners.entry(owner).or_default().remove(place, dim);
        if let Some(id) = moved {
            self.places.insert(id, (owner, place));
        }
    }
}
