//! The keeper's life: fills the hot tier, tends it every few seconds, takes the steps every hour.

use std::time::Duration;

use appliance_core::{StoreError, ports::CareError};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Clean, Keeper, PAGE};

/// Between two looks at what waits to be written or made warm.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Longest time that the last finds are given to be written when it ends.
const LAST_WRITE: Duration = Duration::from_secs(2);

impl Keeper {
    /// Keeps the tiers until `end`; returns soon after it, in the middle of whatever it does.
    pub async fn run(&self, end: CancellationToken) {
        tokio::select! {
            () = end.cancelled() => {}
            () = self.tend() => {}
            () = self.maintain() => {}
        }
        match timeout(LAST_WRITE, self.write_uses()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last finds of memories were not counted"),
            Err(_) => tracing::warn!("the last finds of memories were not counted: out of time"),
        }
    }

    /// Writes the finds that wait, and makes warm what the hot tier had no room for.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tend_once(&self) -> Result<(), StoreError> {
        self.write_uses().await?;
        self.parts.reader.sync().await?;
        self.promote_evicted().await.map(|_| ())
    }

    /// Makes warm what the hot tier had no room for; returns how many that were.
    pub(super) async fn promote_evicted(&self) -> Result<u64, StoreError> {
        let mut promoted = 0;
        loop {
            let evicted = self.parts.reader.take_evicted(PAGE);
            if evicted.is_empty() {
                self.counted.evicted(promoted);
                return Ok(promoted);
            }
            promoted += self.parts.tiers.warm(&evicted, self.now()).await?.memories;
        }
    }

    async fn tend(&self) {
        loop {
            if !self.parts.reader.is_filled() {
                self.fill().await;
            }
            if let Err(error) = self.tend_once().await {
                tracing::warn!(%error, "could not look after the hot tier; trying again");
            }
            tokio::select! {
                () = sleep(TEND_EVERY) => {}
                () = self.parts.care.uses().are_enough() => {}
            }
        }
    }

    async fn fill(&self) {
        match self.parts.reader.fill(self.parts.limits.hot_per_agent).await {
            Ok(memories) => tracing::debug!(memories, "filled the hot tier"),
            Err(error) => tracing::warn!(
                event = "degraded", %error, "could not fill the hot tier; the records are read"
            ),
        }
    }

    async fn maintain(&self) {
        let mut clean = tokio::select! {
            () = sleep(self.parts.limits.maintenance_after) => Clean::Daily,
            () = self.parts.care.board().wanted() => Clean::Now,
        };
        loop {
            match self.run_cleaning(clean).await {
                Ok(_) => {}
                Err(CareError::Busy(_)) => tracing::debug!("maintenance is running already"),
                Err(error) => tracing::warn!(%error, "maintenance did not run"),
            }
            clean = tokio::select! {
                () = sleep(self.parts.limits.maintenance_every) => Clean::Daily,
                () = self.parts.reader.is_crowded() => Clean::Daily,
                () = self.parts.care.board().wanted() => Clean::Now,
            };
        }
    }

    async fn write_uses(&self) -> Result<(), StoreError> {
        let written = self.parts.care.uses().write().await?;
        self.counted.used(written);
        Ok(())
    }
}
