//! Pinning: keeps a memory out of eviction and archive, or no longer.

use appliance_core::{
    Condition, Deed, MemoryAction, MemoryId, MemoryTier,
    ports::{By, CareError},
};

use super::{Care, cause::Tries, undo::Walk};

impl Care {
    pub(super) async fn keep(
        &self,
        by: &By,
        id: MemoryId,
        pinned: bool,
    ) -> Result<MemoryAction, CareError> {
        let mut tries = Tries::new();
        let action = loop {
            match self.keep_once(by, id, pinned).await {
                Err(error) if tries.again(&error) => {}
                done => break done?,
            }
        };
        if pinned {
            self.bring_back(by, id).await?;
        }
        Ok(action)
    }

    async fn keep_once(
        &self,
        by: &By,
        id: MemoryId,
        pinned: bool,
    ) -> Result<MemoryAction, CareError> {
        if let Some(first) = self.first(by).await? {
            return self.told(by, &first).await;
        }
        let was = self.known(by, id).await?.standing.pinned;
        let before = match was == pinned {
            true => self.deed_that_pinned(by, id, pinned).await?,
            false => None,
        };
        let unchanged = Condition::MemoryShown { id, pinned: Some(was) };
        match before {
            Some(before) => self.keep_key(by, before).await,
            None => self.act(by, Deed::Pin { id, pinned }, vec![unchanged]).await,
        }
    }

    /// What is pinned stays out of the archive.
    async fn bring_back(&self, by: &By, id: MemoryId) -> Result<(), CareError> {
        let memory = self.parts.memories.get(by.owner, id).await?;
        if memory.is_some_and(|memory| memory.tier == MemoryTier::Cold) {
            self.parts.tiers.warm(&[id], self.now()).await?;
        }
        Ok(())
    }

    /// Returns the deed that made it so: pinning again changes nothing, and one undo takes it back.
    async fn deed_that_pinned(
        &self,
        by: &By,
        wanted: MemoryId,
        so: bool,
    ) -> Result<Option<MemoryAction>, CareError> {
        let mut walk = Walk::of(by.owner);
        while let Some(action) = walk.next(self).await? {
            match action.deed {
                Deed::Pin { id, pinned } if id == wanted && action.undone_at.is_none() => {
                    return Ok((pinned == so).then_some(action));
                }
                _ => {}
            }
        }
        Ok(None)
    }
}
