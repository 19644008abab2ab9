//! Undoing: takes back the owner's last deed that is not taken back yet.

use appliance_core::{
    Deed, MemoryAction, MemoryId, MemoryKind,
    desk::{CareDone, Cared},
    ports::{CareError, DeskError},
};
use appliance_phrases::utterance;

use super::{super::Service, Wanted, cared, refused};

/// Memories whose texts are told of.
const TOLD: usize = 20;

impl Service {
    pub(super) async fn undo(&self, wanted: &Wanted<'_>) -> Result<CareDone, DeskError> {
        let deeds = self.deeds(wanted.task).await?;
        if let Some(deed) = undone_before(wanted, &deeds) {
            return self.undone(wanted, deed).await;
        }
        let Some(deed) = deeds.iter().find(|deed| deed.undone_at.is_none()) else {
            return Ok(CareDone::NothingMeant);
        };
        match self.parts.care.undo(&wanted.by(), Some(deed.id)).await {
            Ok(deed) => self.undone(wanted, &deed).await,
            Err(CareError::NothingToUndo) => Ok(CareDone::NothingMeant),
            Err(error) => Err(refused(error)),
        }
    }

    async fn undone(
        &self,
        wanted: &Wanted<'_>,
        deed: &MemoryAction,
    ) -> Result<CareDone, DeskError> {
        let mut back: Vec<Cared> = Vec::new();
        for id in memories(&deed.deed).into_iter().take(TOLD) {
            let memory = self.parts.memories.get(wanted.task.owner, id).await?;
            let told = memory.filter(|it| {
                it.kind != MemoryKind::Learning && utterance::wish(&it.text).is_none()
            });
            back.extend(told.as_ref().map(cared));
        }
        Ok(CareDone::Undone(back))
    }
}

/// The deed that this very command undid before the server went down.
fn undone_before<'a>(wanted: &Wanted<'_>, deeds: &'a [MemoryAction]) -> Option<&'a MemoryAction> {
    let since = wanted.task.started_at.unwrap_or(wanted.task.created_at);
    let here = |deed: &&MemoryAction| deed.undone_at.is_some_and(|at| at >= since);
    wanted.again.then(|| deeds.iter().find(here)).flatten()
}

fn memories(deed: &Deed) -> Vec<MemoryId> {
    match deed {
        Deed::Forget { ids } => ids.clone(),
        Deed::Correct { old, .. } => vec![*old],
        Deed::Pin { id, .. } => vec![*id],
    }
}
