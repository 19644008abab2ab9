//! Undoing: takes back the owner's last deed before the message that is not taken back yet.

use appliance_core::{
    MemoryAction, PageRequest, Task,
    ports::{CareError, DeskError},
};

use super::{super::Service, Wanted};

/// Deeds that are looked through for the last one.
const DEEDS: usize = 50;

impl Service {
    pub(super) async fn undo(&self, wanted: &Wanted<'_>) -> Result<bool, DeskError> {
        let page = PageRequest::new(DEEDS, None);
        let deeds = self.parts.memories.actions(wanted.task.owner, page).await?.items;
        let meant =
            |deed: &&MemoryAction| deed.undone_at.is_none() && was_before(deed, wanted.task);
        let Some(deed) = deeds.iter().find(meant) else { return Ok(false) };
        match self.parts.care.undo(&wanted.by(), Some(deed.id)).await {
            Ok(_) => Ok(true),
            Err(CareError::NothingToUndo) => Ok(false),
            Err(error) => Err(wanted.refused(error)),
        }
    }
}

/// Tells whether a deed was asked for before `task` was: what the person does elsewhere after saying
/// "undo that" is not what they meant. Ids are in the order of their birth.
fn was_before(deed: &MemoryAction, task: &Task) -> bool {
    let asked = deed.task_id.map_or_else(|| deed.id.bytes(), |id| id.bytes());
    asked <= task.id.bytes()
}
