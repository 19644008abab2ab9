//! Purging: takes memories and conversations away for good. One batch each, with its audit line.
//!
//! The rules of the store say what goes with them; the indexes learn of it by the change log. Files are
//! made anew by the maintenance.

use appliance_core::{
    ConversationId, MemoryId, Write,
    ports::{By, CareError, Purged, Purging},
};
use async_trait::async_trait;

use super::{Care, audit, cause, forget::distinct};

#[async_trait]
impl Purging for Care {
    async fn purge_memories(&self, by: &By, ids: Vec<MemoryId>) -> Result<Purged, CareError> {
        let ids = distinct(ids)?;
        let line = audit::purged_memories(&self.parts.mint, by, &ids);
        self.purge(by, Write::PurgeMemories { owner: by.owner, ids }, line).await
    }

    async fn purge_conversation(&self, by: &By, id: ConversationId) -> Result<Purged, CareError> {
        let line = audit::purged_conversation(&self.parts.mint, by, id);
        self.purge(by, Write::PurgeConversation { id, owner: by.owner }, line).await
    }
}

impl Care {
    async fn purge(&self, by: &By, write: Write, line: Write) -> Result<Purged, CareError> {
        let batch = cause::begin(by, [0; 16]).write(write).write(line);
        let applied = self.parts.records.apply(batch).await?;
        if let Some(tree) = self.tree() {
            tree.nudge(by.owner);
        }
        Ok(Purged { memories: applied.memories, untraced: applied.untraced })
    }
}
