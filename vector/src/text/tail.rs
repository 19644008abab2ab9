//! The newest texts, until a commit takes them: searched in memory by the same formula.
//!
//! A commit of tantivy costs tens of milliseconds however little it holds, so one text does not get
//! one of its own. Statistics count both sides ([`Both`]), so a text has the same score here and
//! there. Writes no file.

use std::collections::{HashMap, HashSet};

use appliance_core::{MemoryId, UserId, ports::TextEntry};
use tantivy::{
    Searcher, Term, query::Bm25StatisticsProvider, schema::Field, tokenizer::TextAnalyzer,
};

/// The constants of BM25 that tantivy has.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// What waits for a commit.
#[derive(Debug, Default)]
pub(super) struct Tail {
    rows: Vec<Row>,
    /// Committed texts that were replaced or taken out since.
    hidden: HashSet<MemoryId>,
    tokens: u64,
}

#[derive(Debug)]
struct Row {
    entry: TextEntry,
    counts: HashMap<String, u32>,
    length: u32,
}

impl Tail {
    /// Puts a text in; `committed` tells that an older form of it may be committed.
    pub fn put(&mut self, entry: TextEntry, words: &mut TextAnalyzer, committed: bool) {
        if committed {
            self.take(entry.id);
        }
        let (mut counts, mut length) = (HashMap::new(), 0);
        for text in entry.author.iter().chain([&entry.text]) {
            let mut stream = words.token_stream(text);
            while stream.advance() {
                *counts.entry(stream.token().text.clone()).or_insert(0) += 1;
                length += 1;
            }
        }
        self.tokens += u64::from(length);
        self.rows.push(Row { entry, counts, length });
    }

    /// Takes a text out, here and from what is committed.
    pub fn take(&mut self, id: MemoryId) {
        if let Some(at) = self.rows.iter().position(|row| row.entry.id == id) {
            self.tokens -= u64::from(self.rows.swap_remove(at).length);
        }
        self.hidden.insert(id);
    }

    /// Tells how much waits.
    pub fn len(&self) -> usize {
        self.rows.len() + self.hidden.len()
    }

    /// Returns what a commit has to delete and to add.
    pub fn changes(&self) -> (&HashSet<MemoryId>, impl Iterator<Item = &TextEntry>) {
        (&self.hidden, self.rows.iter().map(|row| &row.entry))
    }

    /// Tells whether a committed text does not count any more.
    pub fn hides(&self, id: MemoryId) -> bool {
        self.hidden.contains(&id)
    }

    /// Returns how many committed texts do not count any more.
    pub fn hidden(&self) -> usize {
        self.hidden.len()
    }

    /// Returns the texts of `owner` that have one of the words, in no order.
    pub fn find(
        &self,
        owner: UserId,
        words: &[Term],
        both: &Both<'_>,
    ) -> tantivy::Result<Vec<(MemoryId, f32)>> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let docs = both.total_num_docs()? as f32;
        let average = (both.tokens()? as f32 / docs).max(1.0);
        let mut rare = Vec::with_capacity(words.len());
        for term in words {
            let having = both.doc_freq(term)? as f32;
            let value = term.value();
            let word = value.as_str().unwrap_or_default().to_owned();
            rare.push((word, (1.0 + (docs - having + 0.5) / (having + 0.5)).ln()));
        }
        let theirs = self.rows.iter().filter(|row| row.entry.owner == owner);
        let scored = theirs.map(|row| (row.entry.id, row.score(&rare, average)));
        Ok(scored.filter(|(_, score)| *score > 0.0).collect())
    }

    fn having(&self, term: &Term) -> u64 {
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

/// The statistics of what is committed and what waits, together.
pub(super) struct Both<'a> {
    pub committed: &'a Searcher,
    pub tail: &'a Tail,
    pub text: Field,
}

impl Both<'_> {
    fn tokens(&self) -> tantivy::Result<u64> {
        Ok(self.committed.total_num_tokens(self.text)? + self.tail.tokens)
    }
}

impl Bm25StatisticsProvider for Both<'_> {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        self.tokens()
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(Bm25StatisticsProvider::total_num_docs(self.committed)? + self.tail.rows.len() as u64)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.committed.doc_freq(term)? + self.tail.having(term))
    }
}
