//! The id that finds one request in the log: the client's own if it is usable, else a new one.

use std::sync::Arc;

use appliance_core::IdMint;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header it travels in, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken over from a client.
const MAX_BYTES: usize = 64;

/// Carried by every request as an extension.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

impl RequestId {
    /// Takes the client's id over, or makes one.
    pub(crate) fn of(headers: &HeaderMap, mint: &IdMint) -> Self {
        match headers.get(HEADER).and_then(|value| value.to_str().ok()) {
            Some(id) if is_usable(id) => Self(id.into()),
            _ => Self(mint.uuid().to_string().into()),
        }
    }

    /// Returns the header's value.
    pub(crate) fn value(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

fn is_usable(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_usable;

    #[test]
    fn an_id_that_could_forge_log_lines_is_not_taken_over() {
        assert!(is_usable("req-1.a_B"));
        for bad in ["", "a b", "a\tb", "a=\"b\"", &"x".repeat(65)] {
            assert!(!is_usable(bad), "{bad:?}");
        }
    }
}
