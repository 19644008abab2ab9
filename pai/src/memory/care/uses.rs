//! Collects what searches found, so that many finds are written by one commit.
//!
//! Lossy on purpose: what waits is in RAM, and what comes faster than it can be written is dropped.
//! Nobody who searches waits for a commit. The best hits come back from the archive with it.

use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use appliance_core::{
    Batch, Clock, MemoryHit, MemoryId, MemoryTier, Standing, StoreError, UserId, Utility, Write,
    ports::{Memories, MemoryTiers, Records},
};
use tokio::sync::Notify;

use super::utility;

/// Finds that are written at once, without waiting for more.
const ENOUGH: usize = 100;

/// Most finds that wait; more are dropped.
const MOST_WAITING: usize = 10_000;

/// Most finds of one search that are counted.
const MOST_OF_A_SEARCH: usize = 100;

/// A hit at this place or a better one brings its memory back from the archive.
const RESTORING_PLACE: u32 = 3;

/// The finds that wait to be written.
#[derive(Debug)]
pub(crate) struct Uses {
    records: Arc<dyn Records>,
    memories: Arc<dyn Memories>,
    tiers: Arc<dyn MemoryTiers>,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    enough: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Each search's finds.
    found: Vec<(UserId, Vec<Found>)>,
    count: usize,
    archived: Vec<MemoryId>,
}

/// Which, at which place.
type Found = (MemoryId, u32);

impl Uses {
    pub(super) fn new(
        records: Arc<dyn Records>,
        memories: Arc<dyn Memories>,
        tiers: Arc<dyn MemoryTiers>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (waiting, enough) = (Mutex::default(), Notify::new());
        Self { records, memories, tiers, clock, waiting, enough }
    }

    /// Notes hits of an owner's search, best first.
    pub(super) fn note(&self, owner: UserId, hits: &[MemoryHit]) {
        let own = hits.iter().map(|hit| &hit.memory).filter(|memory| memory.owner == owner);
        let (mut found, mut archived) = (Vec::new(), Vec::new());
        for (memory, rank) in own.zip(1_u32..).take(MOST_OF_A_SEARCH) {
            found.push((memory.id, rank));
            if memory.tier == MemoryTier::Cold && rank <= RESTORING_PLACE {
                archived.push(memory.id);
            }
        }
        let mut waiting = self.waiting();
        if found.is_empty() || waiting.count + found.len() > MOST_WAITING {
            return;
        }
        waiting.count += found.len();
        waiting.found.push((owner, found));
        waiting.archived.extend(archived);
        if waiting.count >= ENOUGH {
            self.enough.notify_one();
        }
    }

    /// Returns when so many wait that they should be written now.
    pub(crate) async fn are_enough(&self) {
        self.enough.notified().await;
    }

    /// Writes what waits, in one batch; returns how many finds that were.
    pub(crate) async fn write(&self) -> Result<usize, StoreError> {
        let Waiting { found, count, archived } = mem::take(&mut *self.waiting());
        let at = self.clock.now();
        let mut writes = Vec::with_capacity(found.len());
        let mut standings = HashMap::new();
        for (owner, found) in found {
            let touched = self.touched(owner, found, &mut standings).await?;
            writes.push(Write::TouchMemories { owner, touched, at });
        }
        if !writes.is_empty() {
            self.records.apply(Batch { writes, ..Batch::new() }).await?;
        }
        if !archived.is_empty() {
            self.tiers.warm(&archived, at).await?;
        }
        Ok(count)
    }

    /// Works out how useful each is by how it stands now, so that a signal that came after the
    /// search counts.
    async fn touched(
        &self,
        owner: UserId,
        found: Vec<Found>,
        standings: &mut HashMap<MemoryId, Standing>,
    ) -> Result<Vec<(MemoryId, u32, Utility)>, StoreError> {
        let mut touched = Vec::with_capacity(found.len());
        for (id, rank) in found {
            let standing = match standings.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let Some(memory) = self.memories.get_sound(owner, id).await? else { continue };
                    place.insert(memory.standing)
                }
            };
            touched.push((id, rank, utility::found(standing, rank)));
            standing.accesses = standing.accesses.saturating_add(1);
        }
        Ok(touched)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
