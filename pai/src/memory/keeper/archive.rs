//! The steps that look after the archive and what is to be deleted for good.
//!
//! Each asks the tiers until there is nothing left to do, so that no single call has to do it all.

use appliance_core::{StoreError, ports::Moved};

use super::{Keeper, walk::add};
use crate::memory::care::{Running, before};

/// Most files that one run writes anew, so that a run comes to its end.
const MOST_COMPACTED: usize = 1_000;

impl Keeper {
    /// Writes files of the archive anew that are half dead.
    pub(super) async fn compact(&self, running: &Running) -> Result<Moved, StoreError> {
        let mut sum = Moved::default();
        for _ in 0..MOST_COMPACTED {
            let Some(moved) = self.parts.tiers.compact(self.now()).await? else { break };
            running.advance(moved.memories);
            add(&mut sum, moved);
        }
        Ok(sum)
    }

    /// Purges what has been archived for too long, and the oldest of what is too much.
    pub(super) async fn expire(&self, running: &Running) -> Result<Moved, StoreError> {
        let limits = &self.parts.limits;
        let oldest = before(self.certainly(), limits.cold_age);
        let mut sum = Moved::default();
        loop {
            let moved = self.parts.tiers.expire(oldest, limits.cold_bytes).await?;
            add(&mut sum, moved);
            running.advance(moved.memories);
            if moved.memories == 0 {
                return Ok(sum);
            }
        }
    }

    /// Purges what was forgotten so long ago that it cannot be brought back.
    pub(super) async fn purge(&self, running: &Running) -> Result<Moved, StoreError> {
        let forgotten_before = before(self.certainly(), self.parts.limits.forgotten_age);
        let mut sum = Moved::default();
        loop {
            let moved = self.parts.tiers.purge(forgotten_before).await?;
            add(&mut sum, moved);
            running.advance(moved.memories);
            if moved.memories == 0 {
                return Ok(sum);
            }
        }
    }

    /// Drops vectors from the cache that nobody has asked for.
    pub(super) async fn expire_vectors(&self) -> Result<Moved, StoreError> {
        let Some(vectors) = &self.parts.vectors else { return Ok(Moved::default()) };
        Ok(Moved { memories: vectors.expire(self.certainly()).await?, bytes: 0 })
    }
}
