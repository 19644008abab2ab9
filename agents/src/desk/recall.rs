//! Recalling: searches the memories of the task's owner, and of nobody else.

use appliance_core::{Incarnation, MemoryHit, SearchFilter, desk::Recall, ports::DeskError};

use super::Service;

/// Most hits one recall may ask for.
const MAX_HITS: usize = 50;

impl Service {
    pub(super) async fn find_memories(
        &self,
        who: Incarnation,
        ask: Recall,
    ) -> Result<Vec<MemoryHit>, DeskError> {
        let task = self.held(who, &ask.lease).await?;
        let filter =
            SearchFilter { except_message: Some(task.message_id), ..SearchFilter::default() };
        let limit = ask.limit.clamp(1, MAX_HITS);
        Ok(self.parts.search.search(task.owner, &ask.query, filter, limit).await?)
    }
}
