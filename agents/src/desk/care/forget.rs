//! Forgetting: shows to nobody what a person means, with its copies and the command's own words.

use appliance_core::{
    MemoryId,
    desk::Meant,
    ports::{By, DeskError},
};

use super::{super::Service, Wanted};

impl Service {
    pub(super) async fn forget(
        &self,
        wanted: &Wanted<'_>,
        what: &Meant,
    ) -> Result<bool, DeskError> {
        let meant = self.meant(wanted, what).await?.memories;
        if meant.is_empty() {
            return Ok(false);
        }
        let copies = self.copies(wanted.task, &meant).await?;
        let mut ids: Vec<MemoryId> = meant.iter().chain(&copies).map(|memory| memory.id).collect();
        let own = self.own_words(wanted).await?.map(|memory| memory.id);
        ids.extend(own.filter(|own| !ids.contains(own)));
        let mut by: By = wanted.by();
        by.cause.told = meant.iter().map(|memory| memory.id).collect();
        self.parts.care.forget(&by, ids).await.map_err(|error| wanted.refused(error))?;
        Ok(true)
    }
}
