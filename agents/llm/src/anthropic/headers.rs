//! Which headers go out and which come back. Everything else stays on its side.

use std::time::Duration;

use appliance_core::ports::ModelCall;
use http::{
    HeaderMap, HeaderName,
    header::{CONTENT_TYPE, HeaderValue},
};

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
const KEY: HeaderName = HeaderName::from_static("x-api-key");
const DEFAULT_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

const RETRY_AFTER_MS: &str = "retry-after-ms";
const PASSED_BACK: [&str; 5] =
    ["content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"];
const PASSED_BACK_PREFIX: &str = "anthropic-ratelimit-";

/// Returns the headers of a request that has no body: the key and the version.
pub(super) fn bare(key: &HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(VERSION, DEFAULT_VERSION), (KEY, key.clone())])
}

/// Returns the request's headers: the key, the version (the caller's or the default), betas.
pub(super) fn request(call: &ModelCall, key: &HeaderValue) -> HeaderMap {
    let mut headers = bare(key);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &call.headers {
        let Ok(value) = HeaderValue::from_str(value) else { continue };
        if name.eq_ignore_ascii_case(VERSION.as_str()) {
            headers.insert(VERSION, value);
        } else if name.eq_ignore_ascii_case(BETA.as_str()) {
            headers.append(BETA, value);
        }
    }
    headers
}

/// Returns the reply's headers that a caller can use; a wish to wait in milliseconds too, because one
/// that is a date can be read with the reply's own clock alone.
pub(super) fn reply(headers: &HeaderMap, wait: Option<Duration>) -> Vec<(String, String)> {
    let wanted = |name: &str| PASSED_BACK.contains(&name) || name.starts_with(PASSED_BACK_PREFIX);
    let said = headers.contains_key(RETRY_AFTER_MS);
    let wait = wait.filter(|_| !said);
    let wait = wait.map(|wait| (RETRY_AFTER_MS.to_owned(), wait.as_millis().to_string()));
    headers
        .iter()
        .filter(|(name, _)| wanted(name.as_str()))
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .chain(wait)
        .collect()
}
