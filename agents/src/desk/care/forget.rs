//! Forgetting: shows to nobody what a person means, with its copies and the command's own words.

use appliance_core::{
    Deed, MemoryId,
    desk::{CareDone, Meant},
    ports::DeskError,
};

use super::{super::Service, Wanted, cared, refused};

impl Service {
    pub(super) async fn forget(
        &self,
        wanted: &Wanted<'_>,
        what: Meant,
    ) -> Result<CareDone, DeskError> {
        if let Some(done) = self.forgotten_before(wanted).await? {
            return Ok(done);
        }
        let meant = self.meant(wanted, &what).await?.memories;
        if meant.is_empty() {
            return Ok(CareDone::NothingMeant);
        }
        let copies = self.copies(wanted.task, &meant).await?;
        let mut ids: Vec<MemoryId> = meant.iter().chain(&copies).map(|memory| memory.id).collect();
        let own = self.own_words(wanted).await?.map(|memory| memory.id);
        ids.extend(own.filter(|own| !ids.contains(own)));
        self.parts.care.forget(&wanted.by(), ids).await.map_err(refused)?;
        Ok(CareDone::Forgotten(meant.iter().map(cared).collect()))
    }

    /// What this very command forgot before the server went down; its words cannot be read any more.
    async fn forgotten_before(&self, wanted: &Wanted<'_>) -> Result<Option<CareDone>, DeskError> {
        let deeds = self.deeds_of(wanted).await?;
        let forgot = deeds.iter().any(|deed| matches!(deed.deed, Deed::Forget { .. }));
        Ok(forgot.then(|| CareDone::Forgotten(Vec::new())))
    }
}
