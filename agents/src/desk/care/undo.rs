//! Undoing: takes back the conversation's last deed before the message that is not taken back yet. What
//! the person did elsewhere is not meant: nothing here shows it.

use appliance_core::{
    MemoryAction, PageRequest, Task,
    page::MAX_PAGE,
    ports::{CareError, DeskError},
};

use super::{super::Service, Wanted};

/// Pages of the owner's deeds that are looked through for the conversation's last one.
const PAGES: usize = 20;

impl Service {
    pub(super) async fn undo(&self, wanted: &Wanted<'_>) -> Result<bool, DeskError> {
        let mut after = None;
        for _ in 0..PAGES {
            let page = PageRequest::new(MAX_PAGE, after);
            let page = self.parts.memories.actions(wanted.task.owner, page).await?;
            for deed in &page.items {
                if self.is_meant(deed, wanted.task).await? && self.take_back(wanted, deed).await? {
                    return Ok(true);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(false)
    }

    /// Tells whether a deed stands that was asked for in the conversation before `task` was. Ids are in
    /// the order of their birth.
    async fn is_meant(&self, deed: &MemoryAction, task: &Task) -> Result<bool, DeskError> {
        let asked = deed.task_id.filter(|id| deed.undone_at.is_none() && *id <= task.id);
        let Some(asked) = asked else { return Ok(false) };
        let asked = self.parts.tasks.get(asked).await?;
        Ok(asked.is_some_and(|it| it.conversation_id == task.conversation_id))
    }

    /// Takes a deed back; `false` when it is final, or of nothing that is left.
    async fn take_back(&self, wanted: &Wanted<'_>, deed: &MemoryAction) -> Result<bool, DeskError> {
        match self.parts.care.undo(&wanted.by(), Some(deed.id)).await {
            Ok(_) => Ok(true),
            Err(CareError::NothingToUndo) => Ok(false),
            Err(error) => Err(wanted.refused(error)),
        }
    }
}
