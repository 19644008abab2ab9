//! What is indexed of a text, and how a text becomes words. Searches nothing.

use std::collections::HashSet;

use appliance_core::{MemoryId, UserId, memory::MAX_MEMORY_BYTES, ports::TextEntry};
use appliance_phrases::words;
use tantivy::{
    Index, Searcher, TantivyDocument, TantivyError, Term,
    schema::{
        FAST, Field, INDEXED, IndexRecordOption, Schema, SchemaBuilder, TextFieldIndexing,
        TextOptions,
    },
    tokenizer::{
        AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer,
        StopWordFilter, TextAnalyzer,
    },
};

/// The name under which the analyzer is known to tantivy.
const ANALYZER: &str = "english";

/// Longest word that is indexed, in bytes; hashes and encoded data are not words.
const MAX_WORD_BYTES: usize = 64;

/// What is left of "don't", "it's", "we'll" when the mark splits them.
const SPLIT_OFF: [&str; 7] = ["s", "t", "d", "m", "ll", "re", "ve"];

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub id: Field,
    pub owner: Field,
    pub text: Field,
    halves: [Field; 2],
}

/// The two halves of an id as columns, read for every hit.
pub(super) const ID_HALVES: [&str; 2] = ["id_high", "id_low"];

impl Fields {
    /// Returns the schema and its fields.
    pub fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let fields = Self {
            id: schema.add_bytes_field("id", INDEXED),
            owner: schema.add_bytes_field("owner", INDEXED),
            text: words_field(&mut schema),
            halves: ID_HALVES.map(|half| schema.add_u64_field(half, FAST)),
        };
        (schema.build(), fields)
    }

    /// Returns the term that finds one memory.
    pub fn id_term(self, id: MemoryId) -> Term {
        Term::from_field_bytes(self.id, &id.bytes())
    }

    /// Returns the term that all texts of one owner have.
    pub fn owner_term(self, owner: UserId) -> Term {
        Term::from_field_bytes(self.owner, &owner.bytes())
    }

    /// Returns what is indexed of an entry; its author's name counts as a word of the text.
    pub fn document(self, entry: &TextEntry) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_bytes(self.id, &entry.id.bytes());
        document.add_bytes(self.owner, &entry.owner.bytes());
        let whole = u128::from_be_bytes(entry.id.bytes());
        document.add_u64(self.halves[0], (whole >> 64) as u64);
        document.add_u64(self.halves[1], whole as u64);
        if let Some(author) = &entry.author {
            document.add_text(self.text, author);
        }
        let text = &entry.text[..entry.text.floor_char_boundary(MAX_MEMORY_BYTES)];
        document.add_text(self.text, text);
        document
    }
}

impl Fields {
    /// Returns the ids of all living texts that are committed.
    pub fn ids(self, searcher: &Searcher) -> Result<HashSet<MemoryId>, TantivyError> {
        let mut ids = HashSet::new();
        for segment in searcher.segment_readers() {
            let [high, low] = ID_HALVES.map(|name| segment.fast_fields().u64(name));
            let (high, low) = (high?, low?);
            let id = |doc| Some(id_of(high.first(doc)?, low.first(doc)?));
            ids.extend(segment.doc_ids_alive().filter_map(id));
        }
        Ok(ids)
    }
}

/// Joins the halves of an id.
pub(super) fn id_of(high: u64, low: u64) -> MemoryId {
    MemoryId::from_bytes(((u128::from(high) << 64) | u128::from(low)).to_be_bytes())
}

/// Teaches the index its analyzer.
pub(super) fn register(index: &Index) {
    index.tokenizers().register(ANALYZER, analyzer());
}

/// Makes what turns a text into words.
pub(super) fn analyzer() -> TextAnalyzer {
    let stop = words::stop_words().iter().chain(&SPLIT_OFF).map(|word| (*word).to_owned());
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(MAX_WORD_BYTES))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(StopWordFilter::remove(stop))
        .filter(Stemmer::new(Language::English))
        .build()
}

fn words_field(schema: &mut SchemaBuilder) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(ANALYZER)
        .set_index_option(IndexRecordOption::WithFreqs);
    schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing))
}
