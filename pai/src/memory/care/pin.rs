//! Pinning: keeps a memory out of eviction and archive, or no longer.

use appliance_core::{
    Deed, MemoryAction, MemoryId, MemoryTier,
    ports::{By, CareError},
};

use super::{Care, undo::Walk};

impl Care {
    pub(super) async fn keep(
        &self,
        by: &By,
        id: MemoryId,
        pinned: bool,
    ) -> Result<MemoryAction, CareError> {
        let _turn = self.turn.lock().await;
        let memory = self.known(by, id).await?;
        let before = match memory.standing.pinned == pinned {
            true => self.deed_that_pinned(by, id, pinned).await?,
            false => None,
        };
        let action = match before {
            Some(before) => before,
            None => self.act(by, Deed::Pin { id, pinned }, self.now()).await?,
        };
        if pinned && memory.tier == MemoryTier::Cold {
            self.parts.tiers.warm(&[id], self.now()).await?;
        }
        Ok(action)
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
