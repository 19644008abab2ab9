//! The cookies: the session's and the device's, how they are written and read. Their values are
//! secret tokens and never logged.

use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

/// The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain.
const SESSION: &str = "__Host-ai_session";

const DEVICE: &str = "__Host-ai_device";

/// Returns the `Set-Cookie` value that logs a browser in for `ttl`.
pub(crate) fn setting(token: &str, ttl: Duration) -> Option<HeaderValue> {
    render(SESSION, token, ttl)
}

/// Returns the `Set-Cookie` value that logs a browser out.
pub(crate) fn clearing() -> Option<HeaderValue> {
    render(SESSION, "", Duration::ZERO)
}

/// Returns the `Set-Cookie` value that makes a browser known again for `ttl`.
pub(super) fn marking(mark: &str, ttl: Duration) -> Option<HeaderValue> {
    render(DEVICE, mark, ttl)
}

fn render(name: &str, value: &str, ttl: Duration) -> Option<HeaderValue> {
    let text = Cookie::build((name, value))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .path("/")
        .build()
        .to_string();
    let mut value = HeaderValue::from_str(&format!("{text}; Max-Age={}", ttl.as_secs())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns the session token that a browser sent.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    sent(headers, SESSION)
}

/// Returns the device's mark that a browser sent.
pub(super) fn device_cookie(headers: &HeaderMap) -> Option<&str> {
    sent(headers, DEVICE)
}

fn sent<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == wanted && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_was_set_is_read_back() {
        let set = setting("abc", Duration::from_secs(60)).unwrap();
        let text = set.to_str().unwrap();
        assert_eq!(
            text,
            "__Host-ai_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=1; __Host-ai_session=abc; b=2".parse().unwrap());
        assert_eq!(session_cookie(&headers), Some("abc"));
    }

    #[test]
    fn a_cleared_cookie_is_no_session() {
        assert!(clearing().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "__Host-ai_session=; x=__Host-ai_session".parse().unwrap());
        assert_eq!(session_cookie(&headers), None);
    }
}
