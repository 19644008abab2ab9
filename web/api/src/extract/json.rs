//! A JSON body as an extractor: every way it can be wrong is told apart and named.
//!
//! 415 not declared, 413 too large, 400 not UTF-8 or not JSON (line and column), 422 wrong fields
//! (JSON pointer). Checks no meaning: that is the route's.

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment};
use web_dto::{Code, MAX_BODY_BYTES};

use super::body;
use crate::error::ApiError;

/// A body of at most `LIMIT` bytes (1 MiB unless said otherwise), parsed.
#[derive(Debug)]
pub(crate) struct Json<T, const LIMIT: usize = MAX_BODY_BYTES>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        let bytes = body::read(&parts.headers, body, LIMIT).await?;
        parse(&bytes).map(Self)
    }
}

/// Checks that a body is declared as JSON.
///
/// # Errors
/// `body.not_json`.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.map(|text| text.split(';').next().unwrap_or(text).trim());
    if essence.is_some_and(|text| text.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    let found = essence.map_or_else(|| "missing".to_owned(), |text| format!("`{text}`"));
    Err(ApiError::new(Code::BodyNotJson, format!("Content-Type is {found}")))
}

/// Parses JSON, telling syntax from meaning.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        ApiError::new(Code::BodyMalformed, format!("byte {at} of the body is not valid UTF-8"))
    })?;
    // First as JSON, so that a wrong field never hides a syntax error behind it.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() { invalid(&error) } else { malformed(error.inner()) }
    })
}

fn malformed(error: &serde_json::Error) -> ApiError {
    // serde's sentence ends in "at line L column C".
    ApiError::new(Code::BodyMalformed, format!("the body is not JSON: {error}"))
}

fn invalid(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    ApiError::field(Code::BodyInvalid, &pointer(error.path()), error.inner().to_string())
}

/// Returns an RFC 6901 pointer; a missing field points at the object that lacks it.
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |mut pointer, segment| {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => pointer.push('?'),
        }
        pointer
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Probe {
        #[expect(dead_code, reason = "only its type matters")]
        items: Vec<u8>,
    }

    fn refused(body: &[u8]) -> (Code, web_dto::Problem) {
        let error = parse::<Probe>(body).unwrap_err();
        (error.code, error.problem("r"))
    }

    #[test]
    fn a_syntax_error_names_line_and_column() {
        let (code, problem) = refused(b"{\n \"items\": [1,}");
        assert_eq!(code, Code::BodyMalformed);
        assert!(problem.detail.contains("line 2 column 14"), "{}", problem.detail);
    }

    #[test]
    fn a_wrong_type_is_pointed_at() {
        let (code, problem) = refused(br#"{"items":[1,"two"]}"#);
        assert_eq!((code, problem.errors[0].pointer.as_str()), (Code::BodyInvalid, "/items/1"));
    }

    #[test]
    fn a_syntax_error_behind_a_wrong_type_is_still_one() {
        assert_eq!(refused(br#"{"items":"x","#).0, Code::BodyMalformed);
        assert_eq!(refused(br#"{"items":[]} x"#).0, Code::BodyMalformed);
    }

    #[test]
    fn broken_utf8_and_lone_surrogates_are_malformed() {
        let (code, problem) = refused(b"{\"items\":\"\xff\"}");
        assert_eq!(code, Code::BodyMalformed);
        assert!(problem.detail.contains("byte 10"), "{}", problem.detail);
        assert!(parse::<String>(br#""\ud800""#).is_err_and(|e| e.code == Code::BodyMalformed));
    }

    #[test]
    fn an_unknown_field_is_pointed_at_with_its_key_escaped() {
        let (code, problem) = refused(br#"{"a/b":1}"#);
        assert_eq!((code, problem.errors[0].pointer.as_str()), (Code::BodyInvalid, "/a~1b"));
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        let deep = "[".repeat(400_000);
        assert!(parse::<serde_json::Value>(deep.as_bytes()).is_err());
        let closed = format!("{deep}{}", "]".repeat(400_000));
        assert!(parse::<serde_json::Value>(closed.as_bytes()).is_err());
    }
}
