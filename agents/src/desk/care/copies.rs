//! What goes with a memory that is forgotten or corrected: the same words elsewhere, and what was
//! learned while they were said. Finds; forgets nothing.

use appliance_core::{
    Collection, Memory, MemoryKind, PageRequest, SearchFilter, Task, page::MAX_PAGE,
    ports::DeskError,
};
use appliance_phrases::form::Form;

use super::{super::Service, Wanted};

/// Bytes of a text that its copies are searched with.
const MOST_SEARCHED: usize = 2_000;

/// Shortest text that a learning is searched for.
const LEAST_QUOTED: usize = 4;

impl Service {
    /// Returns memories in the same form as one of `memories`, and learnings that quote one; none of
    /// `memories` themselves.
    pub(super) async fn copies(
        &self,
        task: &Task,
        memories: &[Memory],
    ) -> Result<Vec<Memory>, DeskError> {
        let mut found: Vec<Memory> = Vec::new();
        for memory in memories {
            let form = Form::NEWEST.of(&memory.text);
            let query = &memory.text[..memory.text.floor_char_boundary(MOST_SEARCHED)];
            let same = self.all_hits(task, query).await?;
            let said = &memory.provenance;
            found.extend(same.into_iter().filter(|it| {
                let by_the_same = it.provenance.author == said.author
                    && it.provenance.untrusted == said.untrusted;
                by_the_same && Form::NEWEST.of(&it.text) == form
            }));
            found.extend(self.learned_from(memory).await?);
        }
        let mut seen: Vec<_> = memories.iter().map(|memory| memory.id).collect();
        found.retain(|memory| {
            let fresh = !seen.contains(&memory.id);
            seen.push(memory.id);
            fresh
        });
        Ok(found)
    }

    async fn learned_from(&self, memory: &Memory) -> Result<Vec<Memory>, DeskError> {
        let quoted = pai::learning::quoted(&memory.text);
        let Some(conversation) = memory.provenance.conversation_id else { return Ok(Vec::new()) };
        if memory.kind != MemoryKind::Said || quoted.len() < LEAST_QUOTED {
            return Ok(Vec::new());
        }
        let filter = SearchFilter {
            conversation_id: Some(conversation),
            collection: Some(Collection::Learnings),
            ..SearchFilter::default()
        };
        let page = PageRequest::new(MAX_PAGE, None);
        let page = self.parts.memories.list(memory.owner, &filter, page).await?;
        let quotes = |learning: &Memory| learning.text.contains(&format!("'{quoted}'"));
        Ok(page.items.into_iter().filter(quotes).collect())
    }

    /// Returns what the command itself was remembered as: it names what is to be forgotten.
    pub(super) async fn own_words(&self, wanted: &Wanted<'_>) -> Result<Option<Memory>, DeskError> {
        let task = wanted.task;
        let said = self.parts.conversations.message(task.owner, task.message_id).await?;
        match said {
            Some(said) => self.memory_of(task, &said).await,
            None => Ok(None),
        }
    }
}
