//! Which sentences of the documents answer a question.
//!
//! Compares sentence by sentence, as recall does it ([`appliance_phrases::words`]), and keeps those
//! that state something: a question that was asked before repeats the words of this one and proves
//! nothing. Finds; does not phrase.

use std::{collections::HashSet, ops::Range};

use appliance_core::ports::{EmbedError, Embedder};
use appliance_phrases::form::Form;
use appliance_phrases::utterance;
use appliance_phrases::words::{Asked, Words, nearness};
use serde_json::{Value, json};

use super::request::Document;

/// Nearness under which a sentence says nothing about a question; `pai/tests/answers.rs` prints how
/// many questions are answered right and how many of the unanswerable ones are declined.
const RELEVANT: f32 = 0.55;

/// A sentence this much farther than the best one is not worth adding.
const MARGIN: f32 = 0.12;

/// Most sentences in one answer.
const MOST: usize = 3;

/// Most sentences read of one document.
const MOST_PER_DOCUMENT: usize = 200;

/// A passage that bears on the question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passage<'a> {
    document: Document<'a>,
    range: Range<usize>,
    score: f32,
}

impl<'a> Passage<'a> {
    /// Returns the passage's own words.
    pub(super) fn text(&self) -> &'a str {
        &self.document.text[self.range.clone()]
    }

    /// Returns where the text was read, when its title says that it is nobody's word.
    pub(super) fn untrusted(&self) -> Option<&'a str> {
        let read = self.document.title?.strip_prefix("read in ")?;
        read.split_once(" (untrusted)").map(|(label, _)| label)
    }

    /// Returns the API's citation of it; positions count characters.
    pub(super) fn citation(&self) -> Value {
        let chars = |end: usize| self.document.text[..end].chars().count();
        json!({
            "type": "char_location",
            "cited_text": self.text(),
            "document_index": self.document.index,
            "document_title": self.document.title,
            "start_char_index": chars(self.range.start),
            "end_char_index": chars(self.range.end),
        })
    }
}

/// Returns up to [`MOST`] passages that answer `question`, best first; none if nothing is relevant.
pub(super) async fn find<'a>(
    question: &str,
    documents: &[Document<'a>],
    embedder: &dyn Embedder,
) -> Result<Vec<Passage<'a>>, EmbedError> {
    let mut found: Vec<Passage<'a>> = documents.iter().flat_map(passages).collect();
    score(question, &mut found, embedder).await?;
    found.retain(|passage| passage.score >= RELEVANT);
    // A stable sort: among equals the document that was found first stays first.
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = found.first().map_or(0.0, |passage| passage.score);
    let mut said = HashSet::new();
    found.retain(|passage| {
        passage.score >= best - MARGIN && said.insert(Form::NEWEST.of(passage.text()))
    });
    found.truncate(MOST);
    Ok(found)
}

async fn score(
    question: &str,
    passages: &mut [Passage<'_>],
    embedder: &dyn Embedder,
) -> Result<(), EmbedError> {
    let Some(vector) = embedder.embed(&[question]).await?.pop().flatten() else { return Ok(()) };
    let texts: Vec<&str> = passages.iter().map(Passage::text).collect();
    let words: Vec<Words> = texts.iter().map(|text| Words::of(text)).collect();
    let asked = Asked::among(question, &words);
    let vectors = embedder.embed(&texts).await?;
    for ((passage, words), embedding) in passages.iter_mut().zip(&words).zip(&vectors) {
        let Some(embedding) = embedding else { continue };
        passage.score = nearness(vector.cosine(embedding), &asked, words);
    }
    Ok(())
}

fn passages<'a>(document: &Document<'a>) -> Vec<Passage<'a>> {
    let passage = |range| Passage { document: document.clone(), range, score: 0.0 };
    statements(document.text).into_iter().map(passage).collect()
}

/// Returns where a text states something: sentences that do not ask, without their lead words.
fn statements(text: &str) -> Vec<Range<usize>> {
    let body = utterance::without_label(text);
    let mine = body.len() < text.len();
    let offset = text.len() - body.len();
    let sentences = utterance::sentences(body).into_iter().take(MOST_PER_DOCUMENT);
    sentences
        .filter(|range| states(&body[range.clone()]))
        .filter(|range| !(mine && utterance::is_notice(&body[range.clone()])))
        .map(|range| {
            // The fact is the sentence's end: only words before it were cut off.
            let fact = utterance::statement(&body[range.clone()]);
            offset + range.end - fact.len()..offset + range.end
        })
        .collect()
}

fn states(sentence: &str) -> bool {
    // What is left of an answer's citation marks, such as `[1]`, has no words.
    sentence.contains(char::is_alphabetic)
        && !utterance::is_question(sentence)
        && !utterance::is_denial(sentence)
}
