//! The Idempotency-Key header: the client's name for a request, so that a repeat is harmless.
//!
//! Keys are scoped to the user and the route, so two people can use the same one.

use appliance_core::{BatchKey, UserId};
use axum::extract::FromRequestParts;
use http::request::Parts;
use ring::digest;
use web_dto::Code;

use crate::error::ApiError;

const HEADER: &str = "idempotency-key";
const MAX_BYTES: usize = 128;

/// What the client sent, if anything.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Checks a key that came by another way than the header; an empty one is none.
    pub(crate) fn new(text: &str) -> Result<Self, ApiError> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        if text.len() > MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = format!(
                "the key has {} bytes; it takes 1 to {MAX_BYTES} of visible ASCII",
                text.len()
            );
            return Err(ApiError::new(Code::KeyInvalid, detail));
        }
        Ok(Self(Some(text.to_owned())))
    }

    /// Returns the batch's key: who and where in its name, what in its digest.
    pub(crate) fn batch_key(&self, user: UserId, route: &str, what: &[&str]) -> Option<BatchKey> {
        let key = self.0.as_ref()?;
        let mut digest = digest::Context::new(&digest::SHA256);
        for part in what {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            digest.update(&part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest.finish().as_ref());
        Some(BatchKey::of_a_day(format!("{route}:{user}:{key}"), sha256))
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(HEADER) else { return Ok(Self(None)) };
        let unusable = |detail: &str| ApiError::new(Code::KeyInvalid, detail);
        let text = value.to_str().map_err(|_| unusable("the key is not visible ASCII"))?;
        if text.is_empty() {
            return Err(unusable("the key is empty"));
        }
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_scoped_and_fits_the_store() {
        let key = IdempotencyKey::new(&"k".repeat(MAX_BYTES)).unwrap();
        let [one, two] = [1, 2].map(|n| UserId::from_bytes([n; 16]));
        let a = key.batch_key(one, "conversations.post", &["ab", "c"]).unwrap();
        let b = key.batch_key(two, "conversations.post", &["a", "bc"]).unwrap();
        assert!(a.name.len() <= 200 && a.name != b.name && a.digest != b.digest);
    }

    #[test]
    fn an_endless_or_invisible_key_is_refused() {
        assert!(IdempotencyKey::new(&"k".repeat(MAX_BYTES + 1)).is_err());
        assert!(IdempotencyKey::new("a b").is_err() && IdempotencyKey::new("ä").is_err());
        let user = UserId::from_bytes([1; 16]);
        assert_eq!(IdempotencyKey::new("").unwrap().batch_key(user, "r", &[]), None);
    }
}
