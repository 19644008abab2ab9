//! After a purge: what was purged leaves every file, the derived ones first. Without one: the records'
//! file is made anew where it is half empty.
//!
//! The records know that something was purged until their own file is made anew, which is the last
//! thing done and the one that is done daily at most: what fails before it is tried again with the
//! next run. So is what was purged meanwhile: the records, which count purges, are told how many there
//! were before the first file was cleaned.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use appliance_core::{
    ErrorKind, StoreError, Timestamp,
    ports::{Changed, Fill, Memories, Rewritten},
};
use appliance_phrases::utterance;

use super::{Clean, Keeper, PAGE, VectorCache};
use crate::memory::care::before;

/// Between two rewritings that nobody asked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes that a rewriting gives back at least.
const LEAST: u64 = 1_000_000;

/// Whenever the last time was.
const EVER: Timestamp = Timestamp::from_unix_micros(i64::MAX);

impl Keeper {
    /// Makes files anew if something was purged since, the records' file if it is time for it.
    pub(super) async fn clean(&self, when: Clean) -> Result<Option<Rewritten>, StoreError> {
        let since = match when {
            Clean::Daily => before(self.certainly(), DAY),
            Clean::Now => EVER,
        };
        match self.parts.upkeep.rewrite_due(EVER).await? {
            Some(seen) => self.clear(seen, since).await,
            None => self.pack(since).await,
        }
    }

    /// Makes every file anew without what `seen` purges have taken away, the records' file if it was
    /// not after `since`.
    async fn clear(&self, seen: u64, since: Timestamp) -> Result<Option<Rewritten>, StoreError> {
        self.parts.indexes.let_go().await?;
        let reader = self.parts.reader.as_ref();
        if let Some(tree) = self.parts.care.tree() {
            tree.let_go(reader).await?;
        }
        if self.parts.upkeep.rewrite_due(since).await?.is_none() {
            return Ok(None);
        }
        if let Some(vectors) = &self.parts.vectors {
            keep_living(vectors.as_ref(), reader).await?;
        }
        self.parts.upkeep.rewrite(seen).await.map(Some)
    }

    /// Makes the records' file anew where that gives room back. Looked at once a day, because looking
    /// reads the whole file.
    async fn pack(&self, since: Timestamp) -> Result<Option<Rewritten>, StoreError> {
        if !self.weighed.is_due(since) {
            return Ok(None);
        }
        self.weighed.note(self.certainly());
        let fill = self.parts.upkeep.fill(since).await?;
        if !fill.is_some_and(is_loose) {
            return Ok(None);
        }
        match self.parts.upkeep.rewrite(0).await {
            Err(error) if error.kind == ErrorKind::Full => {
                tracing::info!(%error, "the records' file stays as it is");
                Ok(None)
            }
            done => done.map(Some),
        }
    }
}

/// Tells whether a rewriting gives back a quarter of the file, and enough to be worth it.
fn is_loose(Fill { file, rows }: Fill) -> bool {
    let spare = file.saturating_sub(rows);
    spare >= LEAST && spare > file / 4
}

/// When the records' file was weighed last in this life.
#[derive(Debug, Default)]
pub(super) struct Weighed(Mutex<Option<Timestamp>>);

impl Weighed {
    fn is_due(&self, since: Timestamp) -> bool {
        self.last().is_none_or(|at| at <= since)
    }

    fn note(&self, at: Timestamp) {
        *self.last() = Some(at);
    }

    fn last(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the cached vectors of every text that no memory has.
async fn keep_living(vectors: &dyn VectorCache, memories: &dyn Memories) -> Result<(), StoreError> {
    let (mut living, mut after) = (Vec::new(), 0);
    loop {
        let changes = memories.since(after, PAGE).await?;
        let Some(last) = changes.last() else { break };
        after = last.position;
        for change in changes {
            let memory = match change.now {
                Changed::Live(memory) => Some(*memory),
                Changed::Archived => memories.get_sound(change.owner, change.id).await?,
                Changed::Gone | Changed::Damaged { .. } => None,
            };
            let text = memory.as_ref().map(|memory| utterance::statement(&memory.text));
            living.extend(text.map(|text| vectors.key(text)));
        }
    }
    vectors.keep_only(living.into_iter().collect()).await;
    Ok(())
}
