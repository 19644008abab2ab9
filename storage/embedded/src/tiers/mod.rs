//! The three tiers over the records and the archive: moving memories, and purging them for good.
//!
//! Each step is one function in a file of its own, run where it may block and to its end, whoever
//! stops waiting for it; one at a time. The order is always the same: write the file, commit what
//! counts on it, delete the file that nothing counts on any more. Decides nothing: the policy is
//! `pai::memory`'s.
//!
//! Invariant: the commit is the move. Before it the old place counts, after it the new one; a file
//! that is in no manifest is nobody's, and swept when the store opens.

mod archive;
pub(crate) mod begin;
mod compact;
mod expire;
mod purge;
mod warm;
mod work;

use appliance_core::{
    MemoryId, MemoryTier, StoreError, Timestamp, UserId,
    ports::{MemoryTiers, Moved, Resident, TierCounts},
};
use appliance_tasks::TaskKind;
use async_trait::async_trait;
use tokio::runtime::Handle;

use storage_rules::{Fault as RuleFault, View, memories, tiers::manifest};

use crate::{Store, cold::Embedder};
use work::Work;

/// One step of maintenance: reads, writes and syncs a file of the archive.
const STEP: TaskKind = TaskKind::new("tiers.step");

impl Store {
    /// Notes by which model, and vectors of which length, memories are found from now on: archived
    /// memories carry it, so that they can be indexed again without `state.redb`.
    pub fn embedded_by(&self, model: &str, dim: usize) {
        let dim = u32::try_from(dim).unwrap_or(u32::MAX);
        self.archive().embedded_by(Embedder { model: model.to_owned(), dim });
    }

    /// Names the segments that hold what was purged and cannot be written anew.
    pub(crate) async fn name_held(&self) -> Result<(), StoreError> {
        self.step("tiers.purge", purge::name_held).await
    }

    async fn step<T: Send + 'static>(
        &self,
        op: &'static str,
        run: impl FnOnce(&Work) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = Work::new(self.clone(), Handle::current(), op);
        let step = move || {
            let _alone = work.archive().alone();
            run(&work)
        };
        self.off(STEP, op, step).await
    }
}

#[async_trait]
impl MemoryTiers for Store {
    async fn residents(
        &self,
        tier: MemoryTier,
        place: u64,
        limit: usize,
    ) -> Result<Vec<Resident>, StoreError> {
        let ask = move |file: &dyn View| memories::residents(file, tier, place, limit);
        self.scan("tiers.residents", ask).await
    }

    async fn warm(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
        let ids = ids.to_vec();
        self.step("tiers.warm", move |work| warm::run(work, &ids, at)).await
    }

    async fn archive(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError> {
        let ids = ids.to_vec();
        self.step("tiers.archive", move |work| archive::run(work, &ids, at)).await
    }

    async fn compact(&self, _at: Timestamp) -> Result<Option<Moved>, StoreError> {
        self.step("tiers.compact", compact::run).await
    }

    async fn expire(&self, oldest: Timestamp, most_bytes: u64) -> Result<Moved, StoreError> {
        self.step("tiers.expire", move |work| expire::run(work, oldest, most_bytes)).await
    }

    async fn purge(&self, before: Timestamp) -> Result<Moved, StoreError> {
        self.step("tiers.purge", move |work| purge::run(work, before)).await
    }

    /// As the port; the archive's files hold everybody's memories, so one owner has none of them.
    async fn counts(&self, owner: Option<UserId>) -> Result<TierCounts, StoreError> {
        let count = move |file: &dyn View| -> Result<_, RuleFault> {
            let mut counts = memories::counts(file, owner)?;
            if owner.is_none() {
                let segments = manifest::living_readable(file)?;
                counts.segments = segments.len() as u64;
                counts.cold_bytes = segments.iter().map(|segment| segment.bytes).sum();
            }
            Ok(counts)
        };
        self.scan("tiers.counts", count).await
    }
}
