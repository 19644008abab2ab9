//! A question, taken apart: its words, what they may be where they stand nowhere, and whether its meaning
//! says anything. Finds nothing.
//!
//! An embedder gives every text a vector. Of words that it does not know (names, slips of the fingers,
//! keys, another language, mash) the vector is noise that lies somewhere, and something is always near.
//! A question of such words finds what has them by their spelling, and nothing else.

use appliance_core::{Embedding, Memory, ports::Embedder};

use super::spelling;
use crate::memory::index::{Shelf, Vocabulary, all_telling, names};

/// Most words that one word of a question may be.
const MOST_CLOSE: usize = 8;

/// Bytes of a text that are looked at for the spelling of a word; what has it whole is found by the
/// index of words.
const READ_BYTES: usize = 16 * 1024;

/// A question, ready to be compared.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its words.
    pub words: Vec<Word>,
    /// Every word of it that may be a name.
    pub names: Vec<String>,
    /// Words that it is asked by where no meaning tells, all of them.
    spelled: Vec<String>,
    /// Whether its vector says anything.
    pub is_meant: bool,
}

/// A telling word of a question.
#[derive(Debug)]
pub(super) struct Word {
    pub text: String,
    /// Its vector, where it has one.
    pub vector: Option<Embedding>,
    /// Places of what it may be, where it stands nowhere itself.
    pub close: Vec<u32>,
}

impl Asked {
    /// Takes a question apart; its vector says something where `is_meant`, and `words` are those of it that
    /// are compared one by one.
    pub(super) fn new(question: &str, words: Vec<Word>, is_meant: bool) -> Self {
        Self { words, names: names(question).collect(), spelled: all_telling(question), is_meant }
    }

    /// Tells whether a text has a word of the question, by its spelling.
    pub(super) fn is_spelled_in(&self, memory: &Memory) -> bool {
        let text = &memory.text;
        let text = text[..text.floor_char_boundary(READ_BYTES)].to_lowercase();
        self.spelled.iter().any(|word| spelling::has_of(&text, word))
    }
}

/// Tells whether a question says something: a word of it stands on the shelf, or the embedder knows half of
/// them at least.
pub(super) fn is_meant(
    question: &str,
    known: (&Shelf, &Vocabulary),
    embedder: &dyn Embedder,
) -> bool {
    let (shelf, vocabulary) = known;
    let words = all_telling(question);
    let stands = |word: &String| {
        shelf.has_author(word) || vocabulary.place(word).is_some_and(|place| shelf.has_word(place))
    };
    let known = words.iter().filter(|word| embedder.knows(word)).count();
    let is_said = question.contains(char::is_alphanumeric);
    is_said && (known * 2 >= words.len() || words.iter().any(stands))
}

/// Returns the words of a shelf that a word may be which stands nowhere on it, the nearest first.
pub(super) fn close(word: &str, shelf: &Shelf, vocabulary: &Vocabulary) -> Vec<(u32, String)> {
    if vocabulary.place(word).is_some_and(|place| shelf.has_word(place)) {
        return Vec::new();
    }
    let known = vocabulary.words().filter(|(_, place)| shelf.has_word(*place));
    let near = known.filter_map(|(other, place)| {
        spelling::distance(word, other).map(|distance| (distance, other, place))
    });
    let mut near: Vec<_> = near.collect();
    near.sort_unstable();
    near.truncate(MOST_CLOSE);
    near.into_iter().map(|(_, other, place)| (place, other.to_owned())).collect()
}
