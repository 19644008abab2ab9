//! Query parameters and cursors. A cursor is opaque to clients: only what we gave out is taken.

use appliance_core::PageRequest;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use web_dto::Code;

use crate::error::ApiError;

/// The query of a URL, parsed.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(bad) => Err(ApiError::new(Code::QueryInvalid, bad.body_text())),
        }
    }
}

/// A place in a list, as text for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) u64);

impl Cursor {
    /// Returns the text of the next page's cursor.
    pub(crate) fn text(next: Option<u64>) -> Option<String> {
        next.map(|place| format!("c{place:x}"))
    }

    /// Reads what we gave out; the error says so.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or("`cursor` is not one that this server gave out")
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('c').filter(|digits| !digits.starts_with('+'))?;
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).map_err(serde::de::Error::custom)
    }
}

/// Returns the page asked for, `default` items long unless said otherwise; a larger limit than 100
/// is cut to 100.
pub(crate) fn page(limit: Option<usize>, cursor: Option<Cursor>, default: usize) -> PageRequest {
    PageRequest::new(limit.unwrap_or(default), cursor.map(|cursor| cursor.0))
}

/// The query of a list that nothing narrows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageOnly {
    limit: Option<usize>,
    cursor: Option<Cursor>,
}

impl PageOnly {
    /// Returns the page asked for, as [`page`] does.
    pub(crate) fn of(self, default: usize) -> PageRequest {
        page(self.limit, self.cursor, default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for place in [0, 1, 255, u64::MAX] {
            let text = Cursor::text(Some(place)).unwrap();
            assert_eq!(Cursor::parse(&text), Some(Cursor(place)));
        }
        for bad in ["", "c", "5", "c-1", "c+1", "cg", "c10000000000000000"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
