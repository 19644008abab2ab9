//! Which memories a person means by "that", or by naming what they are about. Changes nothing.

use appliance_core::{
    Collection, Memory, MemoryHit, MemoryId, MemoryKind, Message, MessageId, PageRequest,
    SearchFilter, Task,
    desk::Meant,
    page::MAX_PAGE,
    ports::{DeskError, SearchError},
};
use appliance_phrases::form::Form;
use appliance_phrases::utterance;
use appliance_phrases::words::{Asked, Words};

use super::{super::Service, Wanted};
use crate::desk::thread::Thread;

/// Most memories that "that" can mean; a longer list has to be narrowed by name.
const MOST_MEANT: usize = 5;

/// Hits that are looked at for what a name means.
const LOOKED_AT: usize = 50;

/// Bytes of a name that are searched with.
const MOST_NAMED: usize = 2_000;

/// Part of a name's telling words that a memory must have to be about it.
const ABOUT: f32 = 0.75;

/// Pages of a conversation's memories that are looked through for one message's.
const PAGES: usize = 3;

/// What a person means.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The memories, the likeliest first.
    pub memories: Vec<Memory>,
    /// The answer that they were spoken of in, if it was one.
    pub answer: Option<Message>,
    /// What was asked before that answer.
    pub question: Option<String>,
}

impl Service {
    pub(super) async fn meant(
        &self,
        wanted: &Wanted<'_>,
        what: &Meant,
    ) -> Result<Found, DeskError> {
        match what {
            Meant::That => self.spoken_of(wanted.task).await,
            Meant::About(name) => self.about(wanted.task, name).await,
        }
    }

    /// What the last answer cited, or else what the person said before; a rating is neither.
    async fn spoken_of(&self, task: &Task) -> Result<Found, DeskError> {
        let thread = self.before(task).await?.without_asides();
        let answer = thread.last_answer().cloned();
        let question = thread.last_said().map(|message| message.content.clone());
        let mut found = Found { answer, question, ..Found::default() };
        let cited = found.answer.as_ref().map(cited).unwrap_or_default();
        if cited.len() > MOST_MEANT {
            return Ok(Found::default());
        }
        for id in cited {
            found.memories.extend(self.parts.memories.get_sound(task.owner, id).await?);
        }
        if found.memories.is_empty() {
            found.memories = self.said_before(task, &thread).await?;
        }
        Ok(found)
    }

    async fn said_before(&self, task: &Task, thread: &Thread) -> Result<Vec<Memory>, DeskError> {
        let Some(said) = thread.last_said() else { return Ok(Vec::new()) };
        if utterance::wish(&said.content).is_some() || said.content.starts_with("/forget") {
            return Ok(Vec::new());
        }
        Ok(self.memory_of(task, said).await?.into_iter().collect())
    }

    /// What a message was remembered as: under its id, or as the same words said earlier.
    pub(super) async fn memory_of(
        &self,
        task: &Task,
        message: &Message,
    ) -> Result<Option<Memory>, DeskError> {
        let form = Form::NEWEST.of(&message.content);
        let mut same = None;
        let filter = SearchFilter {
            conversation_id: Some(task.conversation_id),
            collection: Some(Collection::Conversations),
            ..SearchFilter::default()
        };
        let mut after = None;
        for _ in 0..PAGES {
            let page = PageRequest::new(MAX_PAGE, after);
            let page = self.parts.memories.list(task.owner, &filter, page).await?;
            for memory in page.items {
                if is_of(&memory, message.id) {
                    return Ok(Some(memory));
                }
                if memory.kind == MemoryKind::Said && Form::NEWEST.of(&memory.text) == form {
                    same = Some(memory);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(same)
    }

    /// What has nearly all telling words of `name`.
    async fn about(&self, task: &Task, name: &str) -> Result<Found, DeskError> {
        let name = &name[..name.floor_char_boundary(MOST_NAMED)];
        let hits = self.hits(task, name).await?;
        let words: Vec<Words> = hits.iter().map(|memory| Words::of(&memory.text)).collect();
        // Against no candidates every word weighs the same.
        let asked = Asked::among(name, &[]);
        let about = hits.into_iter().zip(&words).filter(|(_, words)| asked.shared(words) >= ABOUT);
        Ok(Found { memories: about.map(|(memory, _)| memory).collect(), ..Found::default() })
    }

    /// What a search finds that was not said by the task's own message.
    pub(super) async fn hits(&self, task: &Task, query: &str) -> Result<Vec<Memory>, DeskError> {
        Ok(self.found(task, query).await?.into_iter().map(|hit| hit.memory).collect())
    }

    /// As [`hits`](Self::hits), with what each stands for: the same said again elsewhere.
    pub(super) async fn all_hits(
        &self,
        task: &Task,
        query: &str,
    ) -> Result<Vec<Memory>, DeskError> {
        let mut all = Vec::new();
        for hit in self.found(task, query).await? {
            all.push(hit.memory);
            for id in hit.joined {
                all.extend(self.parts.memories.get_sound(task.owner, id).await?);
            }
        }
        Ok(all)
    }

    async fn found(&self, task: &Task, query: &str) -> Result<Vec<MemoryHit>, DeskError> {
        let filter =
            SearchFilter { except_message: Some(task.message_id), ..SearchFilter::default() };
        match self.parts.search.search(task.owner, query, filter, LOOKED_AT).await {
            Ok(hits) => Ok(hits.hits),
            Err(SearchError::Empty) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_of(memory: &Memory, message: MessageId) -> bool {
    memory.provenance.message_id == Some(message) && memory.kind == MemoryKind::Said
}

fn cited(answer: &Message) -> Vec<MemoryId> {
    let mut citations = answer.citations.clone();
    citations.sort_by_key(|citation| citation.number);
    let mut ids: Vec<MemoryId> = Vec::new();
    for citation in citations {
        if !ids.contains(&citation.memory_id) {
            ids.push(citation.memory_id);
        }
    }
    ids
}
