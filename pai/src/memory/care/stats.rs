//! Telling how full memory is, starting to build the indexes anew, and wishing for the maintenance.

use appliance_core::{
    UserId,
    ports::{By, CareError, Job, MemoryStats},
};

use super::{Care, audit, cause};

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

    /// The line in the trail comes first, so that no rebuild is without one. Of two that begin at
    /// once the indexes take one.
    pub(super) async fn build_anew(&self, by: &By) -> Result<Job, CareError> {
        if self.first(by).await?.is_some() {
            return self.begun_before();
        }
        if self.parts.indexes.progress().is_some_and(|job| !job.ended) {
            return Err(CareError::Busy("reindex"));
        }
        let line = audit::reindex(&self.parts.mint, by);
        let applied = self.parts.records.apply(cause::begin(by, [0; 16]).write(line)).await?;
        if applied.repeated {
            return self.begun_before();
        }
        let job = self.parts.indexes.reindex().await?;
        self.board.reindexing();
        Ok(job)
    }

    /// Has the maintenance run now. Its line in the trail comes first, and none is written for a run
    /// that is refused.
    pub(super) async fn maintain_now(&self, by: &By) -> Result<Job, CareError> {
        if self.first(by).await?.is_none() && self.board.is_busy() {
            return Err(CareError::Busy(super::MAINTENANCE));
        }
        let line = audit::maintenance(&self.parts.mint, by);
        let applied = self.parts.records.apply(cause::begin(by, [0; 16]).write(line)).await?;
        if applied.repeated {
            return self.board.last().ok_or(CareError::Over(super::MAINTENANCE));
        }
        self.board.want().ok_or(CareError::Busy(super::MAINTENANCE))
    }

    fn begun_before(&self) -> Result<Job, CareError> {
        self.parts.indexes.progress().ok_or(CareError::Over("reindex"))
    }
}
