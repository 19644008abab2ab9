//! Blots out known secrets by their value, wherever text goes in or out.
//!
//! A [`Redactor`] is told the secrets at start and stands at the doors: HTTP both ways, the model's
//! replies, the log. It finds a secret as it is, percent-encoded or JSON-escaped in any mixture, in
//! hex and in base64 at any offset, also when a stream cuts it in two. It does not guess what might
//! be a secret, and it does not hide one from a program that takes it apart first.

mod flow;
mod forms;
mod search;
mod stream;

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;

use self::search::Patterns;
pub use self::{flow::Flow, stream::Redacted};

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Shorter texts are no secrets: blotting them out would only damage what people write.
const SHORTEST: usize = 8;

/// Knows the secrets. Cheap to clone; clones know the same.
#[derive(Clone, Default)]
pub struct Redactor {
    patterns: Arc<RwLock<Arc<Patterns>>>,
}

impl Redactor {
    /// Learns a secret; one of fewer than eight bytes is let be.
    pub fn learn(&self, secret: &[u8]) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut patterns = self.patterns.write().unwrap_or_else(PoisonError::into_inner);
        *patterns = Arc::new(patterns.with(forms::of(secret)));
    }

    /// Returns `text` without secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.patterns().replaced(text.as_bytes()) {
            None => Cow::Borrowed(text),
            // A secret ends between characters, as it begins.
            Some(clean) => Cow::Owned(String::from_utf8_lossy(&clean).into_owned()),
        }
    }

    /// Returns `bytes` without secrets; the same ones when there is none.
    #[must_use]
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        self.patterns().replaced(&bytes).map_or(bytes, Bytes::from)
    }

    /// Begins to redact what comes in pieces.
    #[must_use]
    pub fn flow(&self) -> Flow {
        Flow::new(self.patterns())
    }

    /// Redacts a stream of pieces.
    pub fn stream<S>(&self, pieces: S) -> Redacted<S> {
        Redacted::new(pieces, self.flow())
    }

    fn patterns(&self) -> Arc<Patterns> {
        self.patterns.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
