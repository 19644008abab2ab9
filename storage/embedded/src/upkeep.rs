//! The port [`Upkeep`] on the store: sweeps in short commits, weighs the file, and has it made anew.

use std::sync::Arc;

use appliance_core::{
    StoreError, Timestamp,
    ports::{Fill, Rewritten, Sweep, Swept, Upkeep},
};
use appliance_tasks::TaskKind;
use async_trait::async_trait;
use storage_rules::{Draft, Refusal, View, api_tokens, bus::sweep, rewrite, sessions};

use crate::{Store, fill};

/// The operation that errors of a sweep name.
const SWEEP: &str = "upkeep.sweep";

/// The operation that errors of a weighing name.
const FILL: &str = "upkeep.fill";

/// Weighing the file.
const WEIGH: TaskKind = TaskKind::new("records.weigh");

/// Rows that one commit of a sweep takes away at most.
const AT_ONCE: usize = 500;

#[async_trait]
impl Upkeep for Store {
    async fn sweep(&self, due: Sweep) -> Result<Swept, StoreError> {
        let Sweep { entries_before, stream_bytes, sessions_before, tokens_before } = due;
        let look = move |view: &dyn View| sweep::done_with(view, entries_before, stream_bytes);
        let mut all = Swept::default();
        for some in self.scan(SWEEP, look).await?.chunks(AT_ONCE) {
            let some = some.to_vec();
            all.entries +=
                self.change(SWEEP, move |draft| Ok(sweep::take_away(draft, &some)?)).await?;
        }
        all.sessions =
            self.all_of(move |draft| Ok(sessions::sweep(draft, sessions_before, AT_ONCE)?)).await?;
        all.tokens =
            self.all_of(move |draft| Ok(api_tokens::sweep(draft, tokens_before, AT_ONCE)?)).await?;
        Ok(all)
    }

    async fn rewrite_due(&self, since: Timestamp) -> Result<Option<u64>, StoreError> {
        let known = self.read("upkeep.rewrite", rewrite::find)?;
        Ok(known.due().filter(|_| known.done_at.is_none_or(|at| at <= since)))
    }

    async fn fill(&self, since: Timestamp) -> Result<Option<Fill>, StoreError> {
        let known = self.read("upkeep.rewrite", rewrite::find)?;
        if known.done_at.is_some_and(|at| at > since) {
            return Ok(None);
        }
        let (shared, place) = (Arc::clone(self.shared()), Arc::clone(self.place()));
        let weigh = move || fill::weigh(&shared, place.path()).map_err(|fault| fault.at(FILL));
        self.off(WEIGH, FILL, weigh).await.map(Some)
    }

    async fn rewrite(&self, seen: u64) -> Result<Rewritten, StoreError> {
        let done = self.rewrite_file(seen).await?;
        let Rewritten { before, after } = done;
        tracing::info!(before, after, "state.redb was made anew");
        Ok(done)
    }
}

impl Store {
    /// Takes away `some` after `some`, a commit each, until there are fewer than one commit takes.
    async fn all_of(
        &self,
        some: impl Fn(&mut Draft<'_>) -> Result<usize, Refusal> + Clone + Send + 'static,
    ) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let gone = self.change(SWEEP, some.clone()).await?;
            all += gone;
            if gone < AT_ONCE {
                return Ok(all);
            }
        }
    }
}
