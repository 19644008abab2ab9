//! What ranking needs to know of one memory: no text, no vector. Made of the record, kept by nobody
//! here; [`Shelf`](super::shelf::Shelf) keeps those of live memories.

use std::hash::{DefaultHasher, Hasher as _};

use appliance_core::{Facets, Memory, MemoryId, MemoryKind};
use appliance_phrases::form::Form;
use appliance_phrases::utterance;

/// Bytes from a text's end that are looked at to tell whether it ends by asking.
const END_BYTES: usize = 200;

/// One memory.
#[derive(Debug)]
pub(crate) struct Row {
    pub id: MemoryId,
    pub seq: u64,
    pub kind: MemoryKind,
    /// What a search may be narrowed by.
    pub facets: Facets,
    /// How often the same was put again.
    pub repeats: u32,
    /// The author's name in words, lower case; empty when the owner or an agent said it.
    pub author: Box<[String]>,
    /// Equal for memories that are the same utterance of the same author.
    pub form: u64,
    /// It only asks, or only says that nothing is known.
    pub empty: bool,
    /// Its last words ask.
    pub ends_asking: bool,
    /// Places of its words in the vocabulary.
    pub words: Box<[u32]>,
}

impl Row {
    /// Takes down a memory whose words have these places.
    pub(crate) fn of(memory: &Memory, words: Box<[u32]>) -> Self {
        let text = memory.text.trim_end();
        let end = &text[text.ceil_char_boundary(text.len().saturating_sub(END_BYTES))..];
        let denies = memory.kind == MemoryKind::Answer && utterance::is_denial(text);
        let author = memory.provenance.author.as_deref().unwrap_or_default();
        Self {
            id: memory.id,
            seq: memory.seq,
            kind: memory.kind,
            facets: memory.facets(),
            repeats: memory.standing.repeats,
            author: names(author).collect(),
            form: hash(&(Form::NEWEST.of(text), author)),
            empty: utterance::is_question(text) || denies,
            ends_asking: end.ends_with(['?', '？']),
            words,
        }
    }
}

/// Returns a number that is equal for the same bytes of text.
pub(crate) fn text_of(memory: &Memory) -> u64 {
    hash(&memory.text)
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Returns the words of a text that may be a name, lower case.
pub(crate) fn names(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| word.chars().count() > 1)
}
