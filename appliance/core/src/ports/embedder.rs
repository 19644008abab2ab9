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
}

/// Turns texts into vectors of one fixed dimension.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync {
    /// Returns the name under which vectors are stored; different names never mix.
    fn model(&self) -> &str;

    /// Returns the length of every vector.
    fn dim(&self) -> usize;

    /// Returns one vector a text, in order; `None` for a text that has none (empty, blank).
    ///
    /// # Errors
    /// [`EmbedError::Unavailable`] when a remote embedder is away.
    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError>;
}
