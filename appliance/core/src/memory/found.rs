//! What a search answers: its hits, and what could not be asked for them. Ranks nothing.

use std::ops::Deref;

use super::MemoryHit;

/// A part of the search that an answer may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SearchPart {
    /// Nearness of meaning: what says the same in other words may be missing.
    Vectors,
    /// Sameness of words: names and numbers may be missing.
    Words,
}

impl SearchPart {
    /// Returns its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Words => "words",
        }
    }
}

/// The answer to a search; reads as its hits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryHits {
    /// Best first.
    pub hits: Vec<MemoryHit>,
    /// What could not be asked, or not for all memories: empty for a whole answer.
    pub missing: Vec<SearchPart>,
}

impl From<Vec<MemoryHit>> for MemoryHits {
    fn from(hits: Vec<MemoryHit>) -> Self {
        Self { hits, missing: Vec::new() }
    }
}

impl Deref for MemoryHits {
    type Target = [MemoryHit];

    fn deref(&self) -> &[MemoryHit] {
        &self.hits
    }
}

impl IntoIterator for MemoryHits {
    type Item = MemoryHit;
    type IntoIter = std::vec::IntoIter<MemoryHit>;

    fn into_iter(self) -> Self::IntoIter {
        self.hits.into_iter()
    }
}
