//! The port [`Upkeep`] on the store: sweeps in short commits, and has the file made anew after a purge.

use appliance_core::{
    StoreError, Timestamp,
    ports::{Rewritten, Sweep, Swept, Upkeep},
};
use async_trait::async_trait;
use storage_rules::{bus::tables, rewrite, sessions};

use crate::Store;

/// Rows that one commit of a sweep takes away at most.
const AT_ONCE: usize = 500;

#[async_trait]
impl Upkeep for Store {
    async fn sweep(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        let mut all = Swept::default();
        loop {
            let some = self.sweep_some(sweep).await?;
            all.entries += some.entries;
            all.sessions += some.sessions;
            if some.entries < AT_ONCE && some.sessions < AT_ONCE {
                return Ok(all);
            }
        }
    }

    async fn is_rewrite_due(&self, since: Timestamp) -> Result<bool, StoreError> {
        let known = self.read("upkeep.rewrite", rewrite::find)?;
        Ok(known.due && known.done_at.is_none_or(|at| at <= since))
    }

    async fn rewrite(&self) -> Result<Rewritten, StoreError> {
        let done = self.rewrite_file().await?;
        let Rewritten { before, after } = done;
        tracing::info!(before, after, "state.redb was made anew without what was purged");
        Ok(done)
    }
}

impl Store {
    async fn sweep_some(&self, sweep: Sweep) -> Result<Swept, StoreError> {
        let Sweep { entries_before, stream_bytes, sessions_before } = sweep;
        self.change("upkeep.sweep", move |draft| {
            let entries = tables::sweep(draft, entries_before, stream_bytes, AT_ONCE)?;
            Ok(Swept { entries, sessions: sessions::sweep(draft, sessions_before, AT_ONCE)? })
        })
        .await
    }
}
