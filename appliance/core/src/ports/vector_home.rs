//! The role that keeps note, across restarts, of which vectors serve. Holds no vector.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Embedder;
use crate::{StoreError, memory::Spread};

/// Which vectors serve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// The embedder's model.
    pub model: String,
    /// The length of its vectors.
    pub dim: usize,
    /// The folder of its index, beside the note; `None` for an index that lives elsewhere.
    pub folder: Option<String>,
    /// What is known of the likeness of unrelated texts.
    #[serde(default)]
    pub spread: Spread,
}

impl Serving {
    /// Tells whether these are vectors of this embedder.
    #[must_use]
    pub fn is_of(&self, embedder: &dyn Embedder) -> bool {
        self.model == embedder.model() && self.dim == embedder.dim()
    }
}

/// Keeps the note. Derived, as the vectors are: one that is lost costs a rebuild, never a memory.
pub trait VectorHome: fmt::Debug + Send + Sync {
    /// Returns what serves; `None` where nothing did yet, or the note cannot be read.
    fn serving(&self) -> Option<Serving>;

    /// Notes what serves from now on, whole or not at all.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written; what was noted before then still stands.
    fn serve(&self, serving: &Serving) -> Result<(), StoreError>;

    /// Takes vectors away that nobody is served from any more; what cannot be removed stays.
    fn remove(&self, folder: &str);
}
