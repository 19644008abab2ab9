//! Bringing the indexes level with the records: at a start, and as long as the server runs.
//!
//! A search brings in what is new by itself; done before anybody asks, it has nothing left to do, even
//! after an import of thousands.

use std::time::Duration;

use appliance_core::{StoreError, ports::SearchError};

use super::search::Search;

/// How often is looked for something new; looking costs next to nothing.
const EVERY: Duration = Duration::from_millis(250);

/// Longest wait after records could not be read.
const LONGEST: Duration = Duration::from_secs(60);

/// Nobody waits for what is taken in as it comes.
const NO_HURRY: Duration = Duration::MAX;

impl Search {
    /// Fills the indexes, so that the first search after a start does not have to.
    ///
    /// # Errors
    /// As [`search`](appliance_core::ports::MemorySearch::search); a later search tries again.
    pub async fn warm_up(&self) -> Result<(), SearchError> {
        self.level().await?;
        let Some(feeder) = self.spaces.serving() else { return Ok(()) };
        let goal = self.follower.position();
        feeder.level(self.memories.as_ref(), goal).await.map_err(Into::into)
    }

    /// Takes in what is new as it comes, so that searches do not have to; never returns. May be
    /// dropped at any time. While an embedder or an index is away it is left alone, as by searches.
    pub async fn keep_level(&self) {
        let mut wait = EVERY;
        loop {
            wait = match self.catch_up().await {
                Ok(()) => EVERY,
                Err(why) => {
                    tracing::warn!(%why, "new memories cannot be read; searches try too");
                    (wait * 2).min(LONGEST)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        self.level().await?;
        if let Some(feeder) = self.spaces.serving() {
            let goal = self.follower.position();
            feeder.catch_up(self.memories.as_ref(), goal, NO_HURRY).await?;
        }
        Ok(())
    }

    /// Brings words and shelves level.
    pub(super) async fn level(&self) -> Result<(), StoreError> {
        let heard = |position, memory: &_| self.spaces.heard_of(position, memory);
        self.follower.level(heard).await?;
        Ok(())
    }
}
