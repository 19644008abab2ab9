//! The key of the people's socket: every caller on `api.sock` shows it. It says that the caller can
//! read the server's own files, not who it is. Writes no file: the lifecycle does.

use http::HeaderMap;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use web_dto::Code;

use super::bearer;
use crate::error::ApiError;

/// What is needed to tell the right key from a wrong one.
#[derive(Debug)]
pub(crate) struct PeopleKey {
    check: hmac::Key,
    tag: hmac::Tag,
}

impl PeopleKey {
    /// Keeps the key as a tag that another text cannot be compared with byte by byte.
    pub(crate) fn new(key: &SecretString) -> Self {
        let bytes = key.expose_secret().as_bytes();
        let check = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let tag = hmac::sign(&check, bytes);
        Self { check, tag }
    }

    /// Checks the key that a request shows, in a time that does not depend on where it differs.
    ///
    /// # Errors
    /// `people.key` when it is missing or wrong.
    pub(crate) fn shown_in(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let shown = bearer(headers)
            .ok_or_else(|| ApiError::new(Code::PeopleKey, "the request shows no key"))?;
        hmac::verify(&self.check, shown.as_bytes(), self.tag.as_ref())
            .map_err(|_| ApiError::new(Code::PeopleKey, "the request shows another server's key"))
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn only_the_whole_key_opens() {
        let key = PeopleKey::new(&SecretString::from("0123abcd"));
        let shown = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            key.shown_in(&headers).is_ok()
        };
        assert!(shown("Bearer 0123abcd") && shown("bearer 0123abcd"));
        for wrong in ["Bearer 0123abc", "Bearer 0123abcd0", "Bearer", "Basic 0123abcd", "0123abcd"]
        {
            assert!(!shown(wrong), "{wrong}");
        }
        assert!(key.shown_in(&HeaderMap::new()).is_err());
    }
}
