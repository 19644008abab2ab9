//! One search: a question's words among one owner's texts. Writes nothing.

use appliance_core::{MemoryId, UserId};
use tantivy::{
    Searcher, TantivyError, Term,
    query::{BooleanQuery, ConstScoreQuery, Occur, Query, TermQuery},
    schema::IndexRecordOption,
};

use super::{best::Best, fields::Fields, port::Inner, statistics::Both};

/// Most different words of a question that are looked for: the first ones.
const MAX_WORDS: usize = 64;

impl Inner {
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
        let state = self.read();
        let (searcher, counted, tail) = (&state.searcher, &state.counted, &state.tail);
        let both = Both { searcher, counted, tail };
        let mut found = tail.find(owner, &words, &both)?;
        let query = query(state.fields, owner, words, searcher)?;
        let best = Best { k, counted };
        found.extend(searcher.search_with_statistics_provider(&query, &best, &both)?);
        found.sort_unstable();
        found.truncate(k);
        Ok(found.into_iter().map(|it| (it.id, it.score)).collect())
    }

    /// Returns the different words of a question, as they are indexed.
    fn words(&self, question: &str) -> Vec<Term> {
        let text = self.read().fields.text;
        let mut words: Vec<Term> = Vec::new();
        let mut analyzer = self.words.clone();
        let mut stream = analyzer.token_stream(question);
        while words.len() < MAX_WORDS && stream.advance() {
            let term = Term::from_field_text(text, &stream.token().text);
            if !words.contains(&term) {
                words.push(term);
            }
        }
        words
    }
}

/// Returns what finds any of the words in texts of one owner.
fn query(
    fields: Fields,
    owner: UserId,
    words: Vec<Term>,
    searcher: &Searcher,
) -> Result<BooleanQuery, TantivyError> {
    let any = words.into_iter().map(|term| (Occur::Should, scored(term))).collect();
    let any = BooleanQuery::new(any);
    let whose = fields.owner_term(owner);
    if is_all_of(fields, &whose, searcher)? {
        return Ok(any);
    }
    Ok(BooleanQuery::new(vec![(Occur::Must, unscored(whose)), (Occur::Must, Box::new(any))]))
}

/// Tells whether all texts are theirs, and need not be asked whose they are.
fn is_all_of(fields: Fields, owner: &Term, searcher: &Searcher) -> Result<bool, TantivyError> {
    for segment in searcher.segment_readers() {
        let owners = segment.inverted_index(fields.owner)?;
        let only = owners.terms().num_terms() == 1 && owners.doc_freq(owner)? > 0;
        if !only {
            return Ok(false);
        }
    }
    Ok(true)
}

fn scored(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

fn unscored(term: Term) -> Box<dyn Query> {
    let query = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
    Box::new(ConstScoreQuery::new(query, 0.0))
}
