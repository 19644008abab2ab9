//! After a purge: what was purged leaves every file, the derived ones first.
//!
//! The records know that something was purged until their own file is made anew, which is the last
//! thing done and the one that is done daily at most: what fails before it is tried again with the
//! next run. So is what was purged meanwhile: the records, which count purges, are told how many there
//! were before the first file was cleaned.

use std::time::Duration;

use appliance_core::{
    StoreError, Timestamp,
    ports::{Changed, Memories, Rewritten},
};
use appliance_phrases::utterance;

use super::{Clean, Keeper, PAGE, VectorCache};
use crate::memory::care::before;

/// Between two rewritings that nobody asked for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Whenever the last time was.
const EVER: Timestamp = Timestamp::from_unix_micros(i64::MAX);

impl Keeper {
    /// Makes files anew if something was purged since, the records' file if it is time for it.
    pub(super) async fn clean(&self, when: Clean) -> Result<Option<Rewritten>, StoreError> {
        let Some(seen) = self.parts.upkeep.rewrite_due(EVER).await? else { return Ok(None) };
        self.parts.indexes.let_go().await?;
        let reader = self.parts.reader.as_ref();
        if let Some(tree) = self.parts.care.tree() {
            tree.let_go(reader).await?;
        }
        let since = match when {
            Clean::Daily => before(self.certainly(), DAY),
            Clean::Now => EVER,
        };
        if self.parts.upkeep.rewrite_due(since).await?.is_none() {
            return Ok(None);
        }
        if let Some(vectors) = &self.parts.vectors {
            keep_living(vectors.as_ref(), reader).await?;
        }
        self.parts.upkeep.rewrite(seen).await.map(Some)
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
