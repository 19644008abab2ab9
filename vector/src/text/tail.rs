//! The newest texts, until a commit takes them: searched in memory by the same formula.
//!
//! A commit of tantivy costs tens of milliseconds however little it holds, so one text does not get
//! one of its own. Statistics count both sides, so a text has the
//! same score here and there. Writes no file.

use std::collections::{HashMap, HashSet};

use appliance_core::{MemoryId, UserId, ports::TextEntry};
use tantivy::{Term, query::Bm25StatisticsProvider, tokenizer::TextAnalyzer};

use super::score::{Scored, kept_length, rounded};

/// The constants of BM25 that tantivy has.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// What waits for a commit.
#[derive(Debug, Default)]
pub(super) struct Tail {
    rows: Vec<Row>,
    /// Committed texts that were replaced or taken out since.
    hidden: HashSet<MemoryId>,
    words: u64,
}

#[derive(Debug)]
struct Row {
    entry: TextEntry,
    counts: HashMap<String, u32>,
    length: u32,
}

impl Tail {
    /// Puts a text in; an older form of it has been [taken](Self::take) out.
    pub fn put(&mut self, entry: TextEntry, words: &mut TextAnalyzer) {
        let (mut counts, mut length) = (HashMap::new(), 0);
        for text in entry.author.iter().chain([&entry.text]) {
            let mut stream = words.token_stream(text);
            while stream.advance() {
                *counts.entry(stream.token().text.clone()).or_insert(0) += 1;
                length += 1;
            }
        }
        let length = kept_length(length);
        self.words += u64::from(length);
        self.rows.push(Row { entry, counts, length });
    }

    /// Takes a text out, here and from what is committed.
    pub fn take(&mut self, id: MemoryId) {
        if let Some(at) = self.rows.iter().position(|row| row.entry.id == id) {
            self.words -= u64::from(self.rows.swap_remove(at).length);
        }
        self.hidden.insert(id);
    }

    /// Tells how much waits.
    pub fn len(&self) -> usize {
        self.rows.len() + self.hidden.len()
    }

    /// Returns what a commit has to delete.
    pub fn hidden(&self) -> impl Iterator<Item = &MemoryId> {
        self.hidden.iter()
    }

    /// Returns what a commit has to add.
    pub fn entries(&self) -> impl Iterator<Item = &TextEntry> {
        self.rows.iter().map(|row| &row.entry)
    }

    /// Returns how many texts wait.
    pub fn texts(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Returns how many words they have, as lengths are kept.
    pub fn words(&self) -> u64 {
        self.words
    }

    /// Returns the texts of `owner` that have one of the words, in no order.
    pub fn find(
        &self,
        owner: UserId,
        words: &[Term],
        both: &dyn Bm25StatisticsProvider,
    ) -> tantivy::Result<Vec<Scored>> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let docs = both.total_num_docs()? as f32;
        let average = words.first().map_or(Ok(0), |term| both.total_num_tokens(term.field()))?;
        let average = average as f32 / docs;
        let mut rare = Vec::with_capacity(words.len());
        for term in words {
            let having = both.doc_freq(term)? as f32;
            let value = term.value();
            let word = value.as_str().unwrap_or_default().to_owned();
            rare.push((word, (1.0 + (docs - having + 0.5) / (having + 0.5)).ln()));
        }
        let theirs = self.rows.iter().filter(|row| row.entry.owner == owner);
        let scored = theirs
            .map(|row| Scored { score: rounded(row.score(&rare, average)), id: row.entry.id });
        Ok(scored.filter(|it| it.score > 0.0).collect())
    }

    /// Counts those that have a word.
    pub fn having(&self, term: &Term) -> u64 {
        let value = term.value();
        let Some(word) = value.as_str() else { return 0 };
        self.rows.iter().filter(|row| row.counts.contains_key(word)).count() as u64
    }
}

impl Row {
    fn score(&self, rare: &[(String, f32)], average: f32) -> f32 {
        let length = K1 * (1.0 - B + B * self.length as f32 / average);
        let part = |(word, rarity): &(String, f32)| {
            let count = self.counts.get(word).copied().unwrap_or_default() as f32;
            rarity * (1.0 + K1) * count / (count + length)
        };
        rare.iter().map(part).sum()
    }
}
