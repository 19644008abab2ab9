//! Telling what a deed did, from what its key keeps: ids. The texts are read, forgotten ones too.
//! Does nothing.

use appliance_core::{
    ActionId, Applied, Deed, MemoryAction, MemoryId, MemoryKind,
    desk::{Care, CareDone, Cared},
    ports::DeskError,
};
use appliance_phrases::utterance;

use super::{super::Service, Wanted, cared};

/// Memories whose texts are told of.
const TOLD: usize = 20;

impl Service {
    /// Returns the answer to what was done under the wish's key; `None` when nothing was.
    pub(super) async fn retell(
        &self,
        wanted: &Wanted<'_>,
        care: &Care,
    ) -> Result<Option<CareDone>, DeskError> {
        let first = self.parts.records.first_result(&wanted.key).await;
        let first = first.map_err(|error| super::claim::refused(wanted.lease, error))?;
        let Some(first) = first else { return Ok(None) };
        Ok(match care {
            Care::Remember { .. } => kept(&first).map(CareDone::Remembered),
            Care::Forget { .. } => Some(self.forgotten(wanted, &first).await?),
            Care::Correct { .. } => self.corrected(wanted, &first).await?,
            Care::Undo => self.undone(wanted, &first).await?,
            Care::Rate { .. } => Some(CareDone::Rated),
        })
    }

    async fn forgotten(&self, wanted: &Wanted<'_>, first: &Applied) -> Result<CareDone, DeskError> {
        let meant: Vec<MemoryId> =
            first.ids.iter().skip(1).copied().map(MemoryId::from_bytes).collect();
        let memories = self.parts.memories.done_to(wanted.task.owner, &meant).await?;
        Ok(CareDone::Forgotten(memories.iter().map(cared).collect()))
    }

    async fn corrected(
        &self,
        wanted: &Wanted<'_>,
        first: &Applied,
    ) -> Result<Option<CareDone>, DeskError> {
        let Some(action) = self.noted(wanted, first).await? else { return Ok(None) };
        let Deed::Correct { old, new } = action.deed else { return Ok(None) };
        let wrong = self.parts.memories.done_to(wanted.task.owner, &[old]).await?;
        let purged = Cared { memory_id: old, text: String::new() };
        let old = wrong.first().map_or(purged, cared);
        Ok(Some(CareDone::Corrected { old, new: cared(&new) }))
    }

    async fn undone(
        &self,
        wanted: &Wanted<'_>,
        first: &Applied,
    ) -> Result<Option<CareDone>, DeskError> {
        let Some(action) = self.noted(wanted, first).await? else { return Ok(None) };
        let mut ids = memories(&action.deed);
        ids.truncate(TOLD);
        let mut back = self.parts.memories.done_to(wanted.task.owner, &ids).await?;
        back.retain(|it| it.kind != MemoryKind::Learning && utterance::wish(&it.text).is_none());
        Ok(Some(CareDone::Undone(back.iter().map(cared).collect())))
    }

    async fn noted(
        &self,
        wanted: &Wanted<'_>,
        first: &Applied,
    ) -> Result<Option<MemoryAction>, DeskError> {
        let Some(id) = first.ids.first() else { return Ok(None) };
        Ok(self.parts.memories.action(wanted.task.owner, ActionId::from_bytes(*id)).await?)
    }
}

/// The memory that holds a text: an older one, if the same was kept already.
fn kept(first: &Applied) -> Option<MemoryId> {
    let noted = || first.ids.first().copied().map(MemoryId::from_bytes);
    first.memories.first().copied().or_else(noted)
}

fn memories(deed: &Deed) -> Vec<MemoryId> {
    match deed {
        Deed::Forget { ids } => ids.clone(),
        Deed::Correct { old, .. } => vec![*old],
        Deed::Pin { id, .. } => vec![*id],
    }
}
