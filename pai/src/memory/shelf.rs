//! What ranking needs to know of one person's memories, kept beside the indexes: no text, no vector.
//!
//! Filled by the follower in the order of the records, so a conversation's rows stand in the order
//! in which they were said. A memory that was taken from the records stays here and is dropped when
//! its text cannot be read.
//!
//! Invariant: `rarity` counts, for each word of the vocabulary, the rows that have it.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use appliance_core::{
    AgentName, ConversationId, Memory, MemoryId, MemoryKind, MemoryTier, MessageId, SearchFilter,
    utterance,
};

/// Bytes from a text's end that are looked at to tell whether it ends by asking.
const END_BYTES: usize = 200;

/// One memory.
#[derive(Debug)]
pub(super) struct Row {
    pub id: MemoryId,
    pub seq: u64,
    pub kind: MemoryKind,
    pub created_micros: i64,
    /// The author's name in words, lower case; empty when the owner or an agent said it.
    pub author: Box<[String]>,
    /// Equal for memories that are the same utterance.
    pub form: u64,
    /// It only asks, or only says that nothing is known.
    pub empty: bool,
    /// Its last words ask.
    pub ends_asking: bool,
    /// Places of its words in the vocabulary.
    pub words: Box<[u32]>,
    pub message_id: Option<MessageId>,
    tier: MemoryTier,
    agent: Option<AgentName>,
    thread: Option<(ConversationId, usize)>,
}

impl Row {
    /// Tells whether a search narrowed by `filter` may show it.
    pub(super) fn passes(&self, filter: &SearchFilter) -> bool {
        filter.tier.is_none_or(|tier| self.tier == tier)
            && filter.agent.is_none_or(|agent| self.agent == Some(agent))
            && (filter.except_message.is_none() || self.message_id != filter.except_message)
    }
}

/// One person's memories.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    rows: Vec<Row>,
    places: HashMap<MemoryId, usize>,
    threads: HashMap<ConversationId, Vec<usize>>,
    authors: HashMap<String, usize>,
    rarity: HashMap<u32, u32>,
    newest_micros: i64,
}

impl Shelf {
    /// Puts a memory in, or in the place of its older form.
    pub(super) fn put(&mut self, memory: &Memory, words: Box<[u32]>) {
        let known = self.places.get(&memory.id).copied();
        let place = known.unwrap_or(self.rows.len());
        let thread = match known {
            Some(place) => self.forget(place),
            None => memory.provenance.conversation_id.map(|id| self.join(id, place)),
        };
        for word in &words {
            *self.rarity.entry(*word).or_default() += 1;
        }
        let row = row(memory, words, thread);
        for name in &row.author {
            *self.authors.entry(name.clone()).or_default() += 1;
        }
        self.newest_micros = self.newest_micros.max(row.created_micros);
        self.places.insert(memory.id, place);
        if place < self.rows.len() { self.rows[place] = row } else { self.rows.push(row) }
    }

    /// Takes the counts of a row back; returns where it stands in its conversation.
    fn forget(&mut self, place: usize) -> Option<(ConversationId, usize)> {
        let row = &self.rows[place];
        for word in &row.words {
            self.rarity.entry(*word).and_modify(|count| *count -= 1);
        }
        for name in &row.author {
            self.authors.entry(name.clone()).and_modify(|count| *count -= 1);
        }
        row.thread
    }

    fn join(&mut self, id: ConversationId, place: usize) -> (ConversationId, usize) {
        let thread = self.threads.entry(id).or_default();
        thread.push(place);
        (id, thread.len() - 1)
    }

    pub(super) fn row(&self, place: usize) -> &Row {
        &self.rows[place]
    }

    pub(super) fn place(&self, id: MemoryId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Returns the memory said `steps` after this one in its conversation, before it if negative.
    pub(super) fn beside(&self, place: usize, steps: isize) -> Option<usize> {
        let (id, at) = self.rows[place].thread?;
        self.threads.get(&id)?.get(at.checked_add_signed(steps)?).copied()
    }

    /// Tells whether somebody of that name said something here.
    pub(super) fn has_author(&self, name: &str) -> bool {
        self.authors.get(name).is_some_and(|count| *count > 0)
    }

    /// Returns how much a word tells apart among these memories (inverse document frequency).
    pub(super) fn weight(&self, word: Option<u32>) -> f32 {
        let having = word.and_then(|word| self.rarity.get(&word)).copied().unwrap_or_default();
        let (having, all) = (having as f32, self.rows.len() as f32);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }

    /// Returns how many days older than the newest memory a row is.
    pub(super) fn age_days(&self, place: usize) -> f32 {
        (self.newest_micros - self.rows[place].created_micros) as f32 / 86_400e6
    }
}

fn row(memory: &Memory, words: Box<[u32]>, thread: Option<(ConversationId, usize)>) -> Row {
    let text = memory.text.trim_end();
    let end = &text[text.ceil_char_boundary(text.len().saturating_sub(END_BYTES))..];
    let denies = memory.kind == MemoryKind::Answer && utterance::is_denial(text);
    let mut form = DefaultHasher::new();
    utterance::same_form(text).hash(&mut form);
    let author = memory.provenance.author.as_deref().unwrap_or_default();
    Row {
        id: memory.id,
        seq: memory.seq,
        kind: memory.kind,
        created_micros: memory.created_at.unix_micros(),
        author: names(author).collect(),
        form: form.finish(),
        empty: utterance::is_question(text) || denies,
        ends_asking: end.ends_with(['?', '？']),
        words,
        message_id: memory.provenance.message_id,
        tier: memory.tier,
        agent: memory.provenance.agent,
        thread,
    }
}

/// Returns the words of a text that may be a name, lower case.
pub(super) fn names(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().count() > 1)
}
