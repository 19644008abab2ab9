//! The role that turns text into vectors.

use std::fmt;

use async_trait::async_trait;

use crate::Embedding;

/// Why a text has no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The embedder cannot be reached just now.
    #[error("embedder {model} is unavailable: {why}")]
    Unavailable {
        /// Which embedder.
        model: String,
        /// Its own words.
        why: String,
    },
    /// The embedder refuses: a wrong key, an unknown model, an exhausted account.
    #[error("embedder {model} refuses: {why}")]
    Refused {
        /// Which embedder.
        model: String,
        /// Its own words, and what to do.
        why: String,
    },
}

/// Turns texts into vectors of one fixed dimension.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync {
    /// Returns the name under which vectors are stored; different names never mix.
    fn model(&self) -> &str;

    /// Returns the length of every vector.
    fn dim(&self) -> usize;

    /// Tells whether a word, lower case, means anything to it: what it says of other words is noise, and
    /// only their spelling tells what they are near to. One that cannot tell says that all do.
    fn knows(&self, _word: &str) -> bool {
        true
    }

    /// Returns one vector a text, in order; `None` for a text that has none (empty, blank).
    ///
    /// # Errors
    /// [`EmbedError::Unavailable`] when a remote embedder is away.
    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError>;

    /// The same for texts that are kept: a cache holds their vectors for as long as the texts may
    /// need them, where those of questions expire.
    ///
    /// # Errors
    /// As [`embed`](Self::embed).
    async fn embed_kept(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        self.embed(texts).await
    }
}
