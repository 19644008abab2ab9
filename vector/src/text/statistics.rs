//! What BM25 counts: texts, their lengths, and how many have a word; of those that are in now.
//!
//! tantivy counts deleted texts too until a merge drops them, so that the same texts would have other
//! scores after a rebuild. Here only living ones count, their lengths as tantivy keeps them (rounded,
//! one byte each), and so every score follows from the texts alone.

use std::{collections::HashSet, sync::Arc};

use tantivy::{
    DocId, DocSet as _, Searcher, TERMINATED, TantivyError, Term,
    query::Bm25StatisticsProvider,
    schema::{Field, IndexRecordOption},
};

use super::tail::Tail;

/// What the living texts of one searcher count.
#[derive(Debug)]
pub(super) struct Counted {
    texts: u64,
    words: u64,
    /// In each segment, committed texts that were replaced or taken out since.
    dead: Vec<Arc<HashSet<DocId>>>,
    text: Field,
}

impl Counted {
    /// Counts what is committed: one byte a text is read.
    pub fn of(searcher: &Searcher, text: Field) -> Result<Self, TantivyError> {
        let (mut texts, mut words) = (0, 0);
        for segment in searcher.segment_readers() {
            let lengths = segment.get_fieldnorms_reader(text)?;
            texts += u64::from(segment.num_docs());
            words +=
                segment.doc_ids_alive().map(|doc| u64::from(lengths.fieldnorm(doc))).sum::<u64>();
        }
        let dead = vec![Arc::default(); searcher.segment_readers().len()];
        Ok(Self { texts, words, dead, text })
    }

    /// Counts a committed text no more; one that is not committed is fine.
    pub fn hide(&mut self, searcher: &Searcher, id: &Term) -> Result<(), TantivyError> {
        for (segment, dead) in searcher.segment_readers().iter().zip(&mut self.dead) {
            let known = segment.inverted_index(id.field())?;
            let Some(mut postings) = known.read_postings(id, IndexRecordOption::Basic)? else {
                continue;
            };
            let lengths = segment.get_fieldnorms_reader(self.text)?;
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if !segment.is_deleted(doc) && Arc::make_mut(dead).insert(doc) {
                    self.texts -= 1;
                    self.words -= u64::from(lengths.fieldnorm(doc));
                }
                doc = postings.advance();
            }
        }
        Ok(())
    }

    /// Returns what of a segment counts no more.
    pub fn dead(&self, segment: usize) -> Arc<HashSet<DocId>> {
        self.dead.get(segment).cloned().unwrap_or_default()
    }

    /// Counts the living texts that have a word.
    fn having(&self, searcher: &Searcher, term: &Term) -> Result<u64, TantivyError> {
        let mut having = 0;
        for (segment, dead) in searcher.segment_readers().iter().zip(&self.dead) {
            let known = segment.inverted_index(term.field())?;
            if !segment.has_deletes() && dead.is_empty() {
                having += u64::from(known.doc_freq(term)?);
                continue;
            }
            let Some(mut postings) = known.read_postings(term, IndexRecordOption::Basic)? else {
                continue;
            };
            let mut doc = postings.doc();
            while doc != TERMINATED {
                having += u64::from(!segment.is_deleted(doc) && !dead.contains(&doc));
                doc = postings.advance();
            }
        }
        Ok(having)
    }
}

/// The statistics of what is committed and what waits, together.
pub(super) struct Both<'a> {
    pub searcher: &'a Searcher,
    pub counted: &'a Counted,
    pub tail: &'a Tail,
}

impl Bm25StatisticsProvider for Both<'_> {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(self.counted.words + self.tail.words())
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        // Without any text there is nothing to score; tantivy divides by it all the same.
        Ok((self.counted.texts + self.tail.texts()).max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.counted.having(self.searcher, term)? + self.tail.having(term))
    }
}
