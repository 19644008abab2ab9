//! Comparing at the start: rows, what is derived from them, and the change log. What follows from
//! whole rows is mended in one commit; the rest is named, see [`StoreDamage`].

use appliance_core::{
    StoreError,
    ports::{Compared, DamageReport, StoreDamage},
};
use appliance_tasks::TaskKind;
use storage_rules::check;

use crate::Store;

/// The operation that errors of it name.
const OP: &str = "records.compare";

/// The comparison after a start.
const COMPARE: TaskKind = TaskKind::new("records.compare").aborted();

impl Store {
    /// Compares everything in the background, see [`compare`](Self::compare).
    pub fn begin_comparing(&self) {
        let store = self.clone();
        let compare = async move {
            if let Err(error) = store.compare().await {
                tracing::error!(event = "degraded", %error, "the rows could not be compared");
            }
        };
        drop(self.home().spawn(COMPARE, compare)); // it runs on
    }

    /// Compares everything, and mends what can be; reads while others write, and takes one commit if
    /// something is to be mended. Reads each row once: about a second for 50,000 memories.
    ///
    /// # Errors
    /// The store cannot be read or written; what was found until then is named.
    pub async fn compare(&self) -> Result<(), StoreError> {
        let compared = self.compare_all().await;
        if compared.is_err() {
            self.shared().damage.compared(Compared::BrokeOff, &[]);
        }
        compared
    }

    async fn compare_all(&self) -> Result<(), StoreError> {
        let mut findings = self.scan(OP, check::compare).await?;
        let damage = &self.shared().damage;
        for damaged in std::mem::take(&mut findings.damaged) {
            damage.note(damaged);
        }
        if let Err(error) = self.name_held().await {
            tracing::warn!(%error, "whether purged texts are left in the archive is not known");
        }
        let (mut mended, mut places) = (0, Vec::new());
        if findings.is_amiss() {
            (mended, places) =
                self.change(OP, move |draft| Ok(check::mend(draft, &findings)?)).await?;
            tracing::warn!(event = "mended", rows = mended, "rows that are derived were made anew");
        }
        damage.compared(Compared::Done { mended }, &places);
        Ok(())
    }
}

impl StoreDamage for Store {
    fn damage(&self) -> DamageReport {
        self.shared().damage.report()
    }
}
