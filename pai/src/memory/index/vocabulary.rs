//! The words that memories are made of, each with a small vector: how near two words are.
//!
//! Knows no memory and no owner: a word's vector follows from the embedder alone. Grows with the
//! follower, up to [`MOST_WORDS`]; a word beyond that is alike to nothing and still found by the
//! text index.
//!
//! Invariant: `codes` holds `dim` numbers for each word, in the order of their places; zeros until the
//! word has been taught.

use std::collections::{HashMap, VecDeque};

use appliance_core::Embedding;
use appliance_phrases::words;

/// Most different words that get a vector: 256 bytes each.
const MOST_WORDS: usize = 50_000;

/// Bytes of a text that are read for its words; about what an embedder reads too.
const READ_BYTES: usize = 4 * 1024;

/// Longest word, in bytes; longer ones are hashes and data.
const WORD_BYTES: usize = 40;

/// Likeness under which two words have nothing to do with each other.
const UNLIKE: f32 = 0.3;

/// The words seen so far.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    dim: usize,
    places: HashMap<String, u32>,
    codes: Vec<i8>,
    /// Words that have a place and no vector yet, the oldest first.
    waiting: VecDeque<String>,
}

impl Vocabulary {
    pub(crate) fn new(dim: usize) -> Self {
        Self { dim, places: HashMap::new(), codes: Vec::new(), waiting: VecDeque::new() }
    }

    /// Returns the place of a word, a new one if need be; `None` when all are taken. Until it gets a
    /// vector a word is alike to nothing but itself.
    pub(crate) fn learn(&mut self, word: &str) -> Option<u32> {
        if let Some(place) = self.place(word) {
            return Some(place);
        }
        let place = u32::try_from(self.places.len()).ok()?;
        if self.places.len() >= MOST_WORDS {
            return None;
        }
        self.places.insert(word.to_owned(), place);
        self.codes.resize(self.codes.len() + self.dim, 0);
        self.waiting.push_back(word.to_owned());
        Some(place)
    }

    /// Returns up to `most` words that wait for a vector.
    pub(crate) fn waiting(&self, most: usize) -> Vec<String> {
        self.waiting.iter().take(most).cloned().collect()
    }

    /// Gives words their vectors, which stand in the same order; `None` leaves one alike to nothing.
    pub(crate) fn teach(&mut self, words: &[String], vectors: &[Option<Embedding>]) {
        for (word, vector) in words.iter().zip(vectors) {
            if let (Some(place), Some(vector)) = (self.place(word), vector) {
                let from = place as usize * self.dim;
                let codes = self.codes[from..from + self.dim].iter_mut();
                codes.zip(vector.values()).for_each(|(code, v)| *code = (v * 127.0) as i8);
            }
        }
        // Others may have taught some of them meanwhile, and new ones may wait behind.
        for word in words {
            self.waiting.pop_front_if(|first| first == word);
        }
    }

    /// Returns the place of a word.
    pub(crate) fn place(&self, word: &str) -> Option<u32> {
        self.places.get(word).copied()
    }

    /// Returns every word with its place, in no order.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.places.iter().map(|(word, place)| (word.as_str(), *place))
    }

    /// Returns how alike a word's vector and the words at `places` are: 0 for unlike, about 1 for
    /// the same.
    pub(crate) fn likeness(&self, vector: &Embedding, places: &[u32]) -> Vec<f32> {
        let vector: Vec<i16> = vector.values().iter().map(|v| (v * 127.0) as i16).collect();
        let like = |place: &u32| {
            let from = *place as usize * self.dim;
            let Some(code) = self.codes.get(from..from + self.dim) else { return 0.0 };
            let likeness = product(&vector, code) as f32 / (127.0 * 127.0);
            if likeness < UNLIKE { 0.0 } else { likeness.min(1.0) }
        };
        places.iter().map(like).collect()
    }
}

/// Sixteen sums side by side, which the compiler turns into SIMD.
fn product(values: &[i16], code: &[i8]) -> i32 {
    let mut sums = [0_i32; 16];
    for (values, code) in values.as_chunks::<16>().0.iter().zip(code.as_chunks::<16>().0) {
        for lane in 0..16 {
            sums[lane] += i32::from(values[lane]) * i32::from(i16::from(code[lane]));
        }
    }
    sums.iter().sum()
}

/// Returns the different telling words of a text, lower case, in order, without possessives.
pub(crate) fn telling(text: &str) -> Vec<String> {
    telling_of(text, WORD_BYTES)
}

/// As [`telling`], with words of any length.
pub(crate) fn all_telling(text: &str) -> Vec<String> {
    telling_of(text, READ_BYTES)
}

fn telling_of(text: &str, most_bytes: usize) -> Vec<String> {
    let text = &text[..text.floor_char_boundary(READ_BYTES)];
    let split = text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’');
    let mut found: Vec<String> = Vec::new();
    for word in split.filter(|word| !word.is_empty() && word.len() <= most_bytes) {
        let word = word.to_lowercase().replace('’', "'");
        let word = word.trim_matches('\'');
        let bare = word.strip_suffix("'s").unwrap_or(word);
        if is_stop(word) || is_stop(bare) || found.iter().any(|known| known == bare) {
            continue;
        }
        found.push(bare.to_owned());
    }
    found
}

fn is_stop(word: &str) -> bool {
    word.is_empty() || words::stop_words().binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telling_words_lose_their_possessive_and_stop_words_are_gone() {
        assert_eq!(
            telling("What's Anna’s café's DATABASE called? The database!"),
            ["anna", "café", "database", "called"]
        );
        assert!(telling(" it's - '' ").is_empty());
    }

    #[test]
    fn a_word_is_alike_to_itself_and_an_unknown_one_to_nothing() {
        let mut known = Vocabulary::new(16);
        let one = Embedding::normalised((0..16).map(|n| n as f32 - 4.0).collect());
        let other = Embedding::normalised((0..16).map(|n| 4.0 - n as f32).collect());
        assert_eq!(["heron", "osprey", "heron"].map(|word| known.learn(word)), [0, 1, 0].map(Some));
        let words = known.waiting(9);
        assert_eq!(words, ["heron", "osprey"]);
        known.teach(&words, &[one.clone(), None]);
        known.teach(&words, &[one.clone(), None]);
        assert!(known.waiting(9).is_empty());
        let (one, other) = (one.unwrap(), other.unwrap());
        let like = known.likeness(&one, &[0, 1, 9]);
        assert!(like[0] > 0.95 && like[1..] == [0.0, 0.0], "{like:?}");
        assert_eq!(known.likeness(&other, &[0]), [0.0]);
        assert_eq!(known.place("osprey"), Some(1));
    }
}
