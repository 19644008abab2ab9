//! Recalling: searches the memories of the task's owner, and of nobody else.
//!
//! Learnings quote the questions of before, so they are near to nearly every question; they are left
//! out unless the question is about how work went. So are questions of before, wherever something was
//! said that is no question: they repeat the words and prove nothing.

use appliance_core::{
    Collection, Incarnation, MemoryHit, MemoryKind, SearchFilter, Task, desk::Recall,
    ports::DeskError,
};
use appliance_phrases::utterance;

use super::Service;

/// Most hits one recall may ask for.
const MAX_HITS: usize = 50;

/// Hits that are asked for beyond those wanted, so that learnings among them leave enough.
const SPARE: usize = 20;

impl Service {
    pub(super) async fn find_memories(
        &self,
        who: Incarnation,
        ask: Recall,
    ) -> Result<Vec<MemoryHit>, DeskError> {
        let task = self.held(who, &ask.lease).await?;
        let limit = ask.limit.clamp(1, MAX_HITS);
        let mut hits = if pai::learning::is_about_work(&ask.query) {
            self.search(&task, &ask.query, None, limit).await?
        } else {
            self.without_learnings(&task, &ask.query, limit).await?
        };
        leave_questions_out(&mut hits);
        hits.truncate(limit);
        self.recalled.note(&task, &hits);
        Ok(hits)
    }

    async fn without_learnings(
        &self,
        task: &Task,
        query: &str,
        limit: usize,
    ) -> Result<Vec<MemoryHit>, DeskError> {
        let mut hits = self.search(task, query, None, limit + SPARE).await?;
        let crowded = hits.len() == limit + SPARE;
        hits.retain(|hit| hit.memory.kind != MemoryKind::Learning);
        if hits.len() >= limit || !crowded {
            return Ok(hits);
        }
        for collection in Collection::ALL {
            if collection == Collection::Learnings {
                continue;
            }
            let more = self.search(task, query, Some(collection), limit).await?;
            let known: Vec<_> = hits.iter().map(|hit| hit.memory.id).collect();
            hits.extend(more.into_iter().filter(|hit| !known.contains(&hit.memory.id)));
        }
        Ok(hits)
    }

    async fn search(
        &self,
        task: &Task,
        query: &str,
        collection: Option<Collection>,
        limit: usize,
    ) -> Result<Vec<MemoryHit>, DeskError> {
        let except_message = Some(task.message_id);
        let filter = SearchFilter { except_message, collection, ..SearchFilter::default() };
        Ok(self.parts.search.search(task.owner, query, filter, limit).await?.hits)
    }
}

/// Takes out what only asks, unless there is nothing else.
fn leave_questions_out(hits: &mut Vec<MemoryHit>) {
    let asks = |hit: &MemoryHit| utterance::is_question(&hit.memory.text);
    if !hits.iter().all(asks) {
        hits.retain(|hit| !asks(hit));
    }
}
