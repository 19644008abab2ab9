//! The port [`Upkeep`] on the store: sweeps in short commits, and has the file made anew after a purge.

use appliance_core::{
    StoreError, Timestamp,
    ports::{Rewritten, Sweep, Swept, Upkeep},
};
use async_trait::async_trait;
use storage_rules::{Draft, View, bus::sweep, rewrite, sessions};

use crate::Store;

/// The operation that errors of a sweep name.
const SWEEP: &str = "upkeep.sweep";

/// Rows that one commit of a sweep takes away at most.
const AT_ONCE: usize = 500;

#[async_trait]
impl Upkeep for Store {
    async fn sweep(&self, due: Sweep) -> Result<Swept, StoreError> {
        let Sweep { entries_before, stream_bytes, sessions_before } = due;
        let look = move |view: &dyn View| sweep::done_with(view, entries_before, stream_bytes);
        let mut all = Swept::default();
        for some in self.scan(SWEEP, look).await?.chunks(AT_ONCE) {
            let some = some.to_vec();
            all.entries +=
                self.change(SWEEP, move |draft| Ok(sweep::take_away(draft, &some)?)).await?;
        }
        loop {
            let some =
                move |draft: &mut Draft<'_>| Ok(sessions::sweep(draft, sessions_before, AT_ONCE)?);
            let gone = self.change(SWEEP, some).await?;
            all.sessions += gone;
            if gone < AT_ONCE {
                return Ok(all);
            }
        }
    }

    async fn rewrite_due(&self, since: Timestamp) -> Result<Option<u64>, StoreError> {
        let known = self.read("upkeep.rewrite", rewrite::find)?;
        Ok(known.due().filter(|_| known.done_at.is_none_or(|at| at <= since)))
    }

    async fn rewrite(&self, seen: u64) -> Result<Rewritten, StoreError> {
        let done = self.rewrite_file(seen).await?;
        let Rewritten { before, after } = done;
        tracing::info!(before, after, "state.redb was made anew without what was purged");
        Ok(done)
    }
}
