//! Redacting what comes in pieces: only what may be the beginning of a secret is held back, until
//! the next piece tells.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    MARK,
    search::{Found, Patterns},
};

/// Redacts one stream of bytes.
pub struct Flow {
    patterns: Arc<Patterns>,
    held: Vec<u8>,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow").field("held", &self.held.len()).finish_non_exhaustive()
    }
}

impl Flow {
    pub(super) fn new(patterns: Arc<Patterns>) -> Self {
        Self { patterns, held: Vec::new() }
    }

    /// Takes the next piece in and returns what can be passed on; empty when all is held back.
    #[must_use]
    pub fn next(&mut self, piece: &Bytes) -> Bytes {
        if self.held.is_empty() && (0..piece.len()).all(|at| self.is_clean(piece, at)) {
            return piece.clone();
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        self.split(&bytes)
    }

    /// Returns what was held back: the stream has ended, so it was no secret.
    #[must_use]
    pub fn end(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    fn is_clean(&self, piece: &[u8], at: usize) -> bool {
        self.patterns.at(piece, at) == Found::Nothing
    }

    fn split(&mut self, bytes: &[u8]) -> Bytes {
        let (mut clean, mut at) = (Vec::with_capacity(bytes.len()), 0);
        while at < bytes.len() {
            match self.patterns.at(bytes, at) {
                Found::Until(end) => {
                    clean.extend_from_slice(MARK.as_bytes());
                    at = end;
                }
                Found::Beginning => {
                    self.held = bytes[at..].to_vec();
                    break;
                }
                Found::Nothing => {
                    clean.push(bytes[at]);
                    at += 1;
                }
            }
        }
        clean.into()
    }
}
