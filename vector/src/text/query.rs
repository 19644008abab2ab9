//! One search: a question's words among one owner's texts. Writes nothing.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::PoisonError,
};

use appliance_core::{MemoryId, SearchFilter, UserId};
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
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, TantivyError> {
        let words = self.words(question);
        if words.is_empty() || k == 0 {
            return Ok(Vec::new());
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let searcher = state.reader.searcher();
        let both = Both { committed: &searcher, tail: &state.tail, text: self.fields.text };
        let mut found = state.tail.find(owner, &words, filter, &both)?;
        let mut clauses = self.scope(owner, filter);
        let any = words.into_iter().map(|term| (Occur::Should, scored(term))).collect();
        clauses.push((Occur::Must, Box::new(BooleanQuery::new(any))));
        let best = TopDocs::with_limit(k + state.tail.hidden()).order_by_score();
        let query = BooleanQuery::new(clauses);
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

    fn scope(&self, owner: UserId, filter: &SearchFilter) -> Vec<(Occur, Box<dyn Query>)> {
        let fields = self.fields;
        let mut clauses = vec![(Occur::Must, unscored(fields.owner_term(owner)))];
        if let Some(tier) = filter.tier {
            clauses.push((Occur::Must, unscored(fields.tier_term(tier))));
        }
        if let Some(agent) = filter.agent {
            clauses.push((Occur::Must, unscored(fields.agent_term(agent))));
        }
        if let Some(message) = filter.except_message {
            clauses.push((Occur::MustNot, unscored(fields.message_term(message))));
        }
        clauses
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
