//! Telling how full memory is, and starting to build the indexes anew.

use appliance_core::{
    Batch, UserId,
    ports::{By, CareError, Job, MemoryStats},
};

use super::{Care, audit};

impl Care {
    pub(super) async fn count(&self, owner: UserId) -> Result<MemoryStats, CareError> {
        let (tiers, limits) = (&self.parts.tiers, &self.parts.limits);
        Ok(MemoryStats {
            mine: tiers.counts(Some(owner)).await?,
            all: tiers.counts(None).await?,
            hot_limit: u64::try_from(limits.hot_per_agent).unwrap_or(u64::MAX),
            warm_limit: limits.warm_count,
            cold_limit_bytes: limits.cold_bytes,
            collections: self.parts.indexes.collections(owner).await?,
            job: self.board.shown(self.parts.indexes.progress()),
        })
    }

    /// The line in the trail comes first, so that no rebuild is without one.
    pub(super) async fn build_anew(&self, by: &By) -> Result<Job, CareError> {
        let _turn = self.turn.lock().await;
        if self.parts.indexes.progress().is_some_and(|job| !job.ended) {
            return Err(CareError::Busy("reindex"));
        }
        let line = audit::reindex(&self.parts.mint, by);
        self.parts.records.apply(Batch::new().write(line)).await?;
        let job = self.parts.indexes.reindex().await?;
        self.board.reindexing();
        Ok(job)
    }
}
