//! The built-in embedder: a table of token vectors inside the binary, averaged over a text.
//!
//! Needs no network, no files and no thread: about 10 us for a message, so it runs inline. Does not
//! understand word order ("do restart" and "do not restart" are near neighbours): what it finds is
//! a candidate, never a proof. Model and licence: `assets/NOTICE`.

use std::sync::Arc;

use appliance_core::{
    Embedding,
    ports::{EmbedError, Embedder},
};
use async_trait::async_trait;
use model2vec_rs::model::StaticModel;

use crate::pieces::Pieces;

static TOKENIZER: &[u8] = include_bytes!("../assets/tokenizer.json");
static TABLE: &[u8] = include_bytes!("../assets/model.safetensors");
static CONFIG: &[u8] = include_bytes!("../assets/config.json");

const MODEL: &str = "minilm-static-256";
const DIM: usize = 256;

/// The table inside the binary cannot be read: the build is broken.
#[derive(Debug, thiserror::Error)]
#[error(
    "while loading the built-in embedder {MODEL}: {why}; reinstall, the program file is damaged"
)]
pub struct LoadError {
    why: String,
}

/// Embeds texts into 256 dimensions by the table `minilm-static-256`.
///
/// A text counts by its first 512 tokens (about 3 KB of English), which bounds the cost of any text
/// and keeps a long message findable by what it begins with. Holds about 10 MB.
#[derive(Clone)]
pub struct StaticEmbedder {
    model: StaticModel,
    pieces: Arc<Pieces>,
}

impl std::fmt::Debug for StaticEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticEmbedder").field("model", &MODEL).finish_non_exhaustive()
    }
}

impl StaticEmbedder {
    /// Reads the table out of the binary; takes about 60 ms.
    ///
    /// # Errors
    /// [`LoadError`] when the embedded files do not fit together.
    pub fn load() -> Result<Self, LoadError> {
        let model = StaticModel::from_bytes(TOKENIZER, TABLE, CONFIG, Some(true))
            .map_err(|error| LoadError { why: format!("{error:#}") })?;
        if model.dim() != DIM {
            return Err(LoadError { why: format!("{} dimensions, expected {DIM}", model.dim()) });
        }
        let pieces =
            Pieces::read(TOKENIZER).map_err(|error| LoadError { why: error.to_string() })?;
        Ok(Self { model, pieces: Arc::new(pieces) })
    }

    fn one(&self, text: &str) -> Option<Embedding> {
        if text.trim().is_empty() {
            return None;
        }
        // `encode_single` stays on this thread; the batch call would wake a thread pool.
        Embedding::normalised(self.model.encode_single(text))
    }
}

#[async_trait]
impl Embedder for StaticEmbedder {
    fn model(&self) -> &str {
        MODEL
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn knows(&self, word: &str) -> bool {
        self.pieces.make(word)
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        Ok(texts.iter().map(|text| self.one(text)).collect())
    }
}
