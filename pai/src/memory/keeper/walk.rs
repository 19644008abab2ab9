//! The steps that walk a tier: out of hot by age and number, out of warm by age and usefulness.
//!
//! A walk reads a page, acts on it, and goes on after its last place; what it moves on the way does
//! not shift the places. Pinned memories are looked at and left where the archive would be next.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use appliance_core::{
    MemoryId, MemoryTier, StoreError, Timestamp,
    ports::{Moved, Resident},
};

use super::{Keeper, PAGE};
use crate::memory::care::{Running, ago, before, faded};

/// Memories that one walk picks for the archive, at most; more are picked by another walk.
const MOST_PICKED: usize = 10_000;

impl Keeper {
    /// Makes warm what has been hot for longer than it may.
    pub(super) async fn make_aged_warm(&self, running: &Running) -> Result<Moved, StoreError> {
        self.parts.reader.sync().await?;
        let oldest = before(self.certainly(), self.parts.limits.hot_age);
        let (mut place, mut moved) = (0, Moved::default());
        while let Some(page) = self.page(MemoryTier::Hot, &mut place, running).await? {
            let aged = ids(page.iter().filter(|resident| resident.tier_since <= oldest));
            add(&mut moved, self.warm(&aged).await?);
        }
        Ok(moved)
    }

    /// Makes warm what the hot tier had no room for, and what the records have too many of.
    pub(super) async fn make_crowded_warm(&self, running: &Running) -> Result<Moved, StoreError> {
        let mut moved = Moved { memories: self.promote_evicted().await?, bytes: 0 };
        let limit = self.parts.limits.hot_per_agent;
        let counts = self.parts.tiers.counts(None).await?;
        let most = counts.hot.values().copied().max().unwrap_or_default();
        if usize::try_from(most).is_ok_and(|most| most <= limit) {
            return Ok(moved);
        }
        let mut kept: HashMap<_, BinaryHeap<_>> = HashMap::new();
        let mut place = 0;
        while let Some(page) = self.page(MemoryTier::Hot, &mut place, running).await? {
            let mut crowded = Vec::new();
            for resident in &page {
                let of_agent = kept.entry(resident.agent).or_default();
                of_agent.push(Reverse((last_used(resident), resident.place, resident.id)));
                if of_agent.len() > limit {
                    crowded.extend(of_agent.pop().map(|Reverse((_, _, id))| id));
                }
            }
            add(&mut moved, self.warm(&crowded).await?);
        }
        Ok(moved)
    }

    /// Archives what has been warm for longer than it may.
    pub(super) async fn archive_aged(&self, running: &Running) -> Result<Moved, StoreError> {
        let oldest = before(self.certainly(), self.parts.limits.warm_age);
        let (mut place, mut moved, mut aged) = (0, Moved::default(), Vec::new());
        while let Some(page) = self.page(MemoryTier::Warm, &mut place, running).await? {
            let movable = page.iter().filter(|resident| !resident.pinned);
            aged.extend(ids(movable.filter(|resident| resident.tier_since <= oldest)));
            if aged.len() >= PAGE {
                // A whole segment at a time, rather than a small one for each page.
                let rest = aged.split_off(PAGE);
                add(&mut moved, self.archive(&aged).await?);
                aged = rest;
            }
        }
        add(&mut moved, self.archive(&aged).await?);
        Ok(moved)
    }

    /// Archives the least useful until the warm tier has no more than it may.
    pub(super) async fn archive_crowded(&self, running: &Running) -> Result<Moved, StoreError> {
        let mut moved = Moved::default();
        loop {
            let warm = self.parts.tiers.counts(None).await?.warm;
            let over = warm.saturating_sub(self.parts.limits.warm_count);
            if over == 0 {
                return Ok(moved);
            }
            let wanted = usize::try_from(over).unwrap_or(usize::MAX).min(MOST_PICKED);
            let picked = self.least_useful(wanted, running).await?;
            let mut archived = Moved::default();
            for page in picked.chunks(PAGE) {
                add(&mut archived, self.archive(page).await?);
            }
            add(&mut moved, archived);
            if archived.memories == 0 {
                let limit = self.parts.limits.warm_count;
                tracing::warn!(
                    warm,
                    limit,
                    "the warm tier stays over its limit: what is left is pinned"
                );
                return Ok(moved);
            }
        }
    }

    /// Returns the `wanted` least useful warm memories, the least recently used among equals.
    async fn least_useful(
        &self,
        wanted: usize,
        running: &Running,
    ) -> Result<Vec<MemoryId>, StoreError> {
        let now = self.certainly();
        let mut picked = BinaryHeap::new();
        let mut place = 0;
        while let Some(page) = self.page(MemoryTier::Warm, &mut place, running).await? {
            for resident in page.iter().filter(|resident| !resident.pinned) {
                let used = last_used(resident);
                let useful = faded(resident.utility, ago(used, now));
                picked.push((useful, used, resident.place, resident.id));
                if picked.len() > wanted {
                    picked.pop();
                }
            }
        }
        Ok(picked.into_sorted_vec().into_iter().map(|(_, _, _, id)| id).collect())
    }

    /// Returns the next page of a tier and moves `place` after it; `None` at the end.
    async fn page(
        &self,
        tier: MemoryTier,
        place: &mut u64,
        running: &Running,
    ) -> Result<Option<Vec<Resident>>, StoreError> {
        let page = self.parts.tiers.residents(tier, *place, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        *place = last.place;
        running.advance(u64::try_from(page.len()).unwrap_or_default());
        tokio::task::yield_now().await;
        Ok(Some(page))
    }

    async fn warm(&self, ids: &[MemoryId]) -> Result<Moved, StoreError> {
        if ids.is_empty() {
            return Ok(Moved::default());
        }
        self.parts.tiers.warm(ids, self.now()).await
    }

    async fn archive(&self, ids: &[MemoryId]) -> Result<Moved, StoreError> {
        if ids.is_empty() {
            return Ok(Moved::default());
        }
        self.parts.tiers.archive(ids, self.now()).await
    }
}

/// Adds what was moved now to what was moved before.
pub(super) fn add(sum: &mut Moved, more: Moved) {
    sum.memories += more.memories;
    sum.bytes += more.bytes;
}

fn ids<'a>(residents: impl Iterator<Item = &'a Resident>) -> Vec<MemoryId> {
    residents.map(|resident| resident.id).collect()
}

fn last_used(resident: &Resident) -> Timestamp {
    resident.last_access.map_or(resident.tier_since, |used| used.max(resident.tier_since))
}
