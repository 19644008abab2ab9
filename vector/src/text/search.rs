//! One search: a question's words among one owner's texts. Writes nothing.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::PoisonError,
};

use appliance_core::{MemoryId, UserId};
use tantivy::{
    Searcher, TantivyError, Term,
    collector::TopDocs,
    columnar::Column,
    query::{BooleanQuery, ConstScoreQuery, Occur, Query, TermQuery},
    schema::IndexRecordOption,
};

use super::{
    TextIndex,
    fields::{ID_HALVES, id_of},
    tail::Both,
};

/// Most different words of a question that are looked for: the first ones.
const MAX_WORDS: usize = 64;

impl TextIndex {
    pub(super) fn find(
        &self,
        owner: UserId,
        question: &str,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, TantivyError> {
        let words = self.words(question);
        if words.is_empty() || k == 0 {
            return Ok(Vec::new());
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let searcher = state.reader.searcher();
        let both = Both { committed: &searcher, tail: &state.tail, text: self.fields.text };
        let mut found = state.tail.find(owner, &words, &both)?;
        let query = self.query(owner, words, &searcher)?;
        let best = TopDocs::with_limit(k + state.tail.hidden()).order_by_score();
        let mut columns: HashMap<u32, [Column<u64>; 2]> = HashMap::new();
        for (score, at) in searcher.search_with_statistics_provider(&query, &best, &both)? {
            let [high, low] = match columns.entry(at.segment_ord) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(halves(&searcher, at.segment_ord)?),
            };
            let half = |column: &Column<u64>| column.first(at.doc_id).unwrap_or_default();
            let id = id_of(half(high), half(low));
            if !state.tail.hides(id) {
                found.push((id, score));
            }
        }
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(k);
        Ok(found)
    }

    /// Returns what finds any of the words in texts of one owner. Where all texts are theirs, the
    /// words alone: tantivy then passes over blocks of texts that cannot be among the best.
    fn query(
        &self,
        owner: UserId,
        words: Vec<Term>,
        searcher: &Searcher,
    ) -> Result<BooleanQuery, TantivyError> {
        let any = words.into_iter().map(|term| (Occur::Should, scored(term))).collect();
        let any = BooleanQuery::new(any);
        let whose = self.fields.owner_term(owner);
        if self.is_all_of(&whose, searcher)? {
            return Ok(any);
        }
        Ok(BooleanQuery::new(vec![(Occur::Must, unscored(whose)), (Occur::Must, Box::new(any))]))
    }

    fn is_all_of(&self, owner: &Term, searcher: &Searcher) -> Result<bool, TantivyError> {
        for segment in searcher.segment_readers() {
            let owners = segment.inverted_index(self.fields.owner)?;
            let only = owners.terms().num_terms() == 1 && owners.doc_freq(owner)? > 0;
            if !only {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the different words of a question, as they are indexed.
    fn words(&self, question: &str) -> Vec<Term> {
        let mut words: Vec<Term> = Vec::new();
        let mut analyzer = self.words.clone();
        let mut stream = analyzer.token_stream(question);
        while words.len() < MAX_WORDS && stream.advance() {
            let term = Term::from_field_text(self.fields.text, &stream.token().text);
            if !words.contains(&term) {
                words.push(term);
            }
        }
        words
    }
}

fn scored(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

fn unscored(term: Term) -> Box<dyn Query> {
    let query = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn halves(searcher: &Searcher, segment: u32) -> Result<[Column<u64>; 2], TantivyError> {
    let columns = searcher.segment_reader(segment).fast_fields();
    let [high, low] = ID_HALVES;
    Ok([columns.u64(high)?, columns.u64(low)?])
}
