//! The cookies: the session's and the device's, how they are written and read. Their values are
//! secret tokens and never logged.

use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

/// The `__Host-` prefix makes browsers insist on Secure, Path=/ and no Domain.
const SESSION: &str = "__Host-ai_session";

const DEVICE: &str = "__Host-ai_device";

/// Characters of the instance's id that stand in the names: enough to tell the servers of one host.
const INSTANCE_CHARS: usize = 12;

/// The cookies of one instance. Browsers keep one jar a host for all its ports: without the
/// instance in their names, the log-ins of two servers on one host would end each other.
#[derive(Debug)]
pub(crate) struct Cookies {
    session: String,
    device: String,
}

impl Cookies {
    /// Names the cookies of the instance with this id.
    pub(crate) fn of(instance: &str) -> Self {
        let id = instance.chars().filter(char::is_ascii_alphanumeric);
        let id: String = id.take(INSTANCE_CHARS).collect();
        let named = |name: &str| if id.is_empty() { name.into() } else { format!("{name}_{id}") };
        Self { session: named(SESSION), device: named(DEVICE) }
    }

    /// Returns the `Set-Cookie` value that logs a browser in for `ttl`.
    pub(crate) fn setting(&self, token: &str, ttl: Duration) -> Option<HeaderValue> {
        render(&self.session, token, ttl)
    }

    /// Returns the `Set-Cookie` value that logs a browser out.
    pub(crate) fn clearing(&self) -> Option<HeaderValue> {
        render(&self.session, "", Duration::ZERO)
    }

    /// Returns the `Set-Cookie` value that makes a browser known again for `ttl`.
    pub(crate) fn marking(&self, mark: &str, ttl: Duration) -> Option<HeaderValue> {
        render(&self.device, mark, ttl)
    }

    /// Returns the session token that a browser sent.
    pub(crate) fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        sent(headers, &self.session)
    }

    /// Returns the device's mark that a browser sent.
    pub(crate) fn device<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        sent(headers, &self.device)
    }
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

    fn bringing(pairs: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, pairs.parse().unwrap());
        headers
    }

    #[test]
    fn a_cookie_that_was_set_is_read_back() {
        let cookies = Cookies::of("");
        let set = cookies.setting("abc", Duration::from_secs(60)).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-ai_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        let headers = bringing("a=1; __Host-ai_session=abc; b=2");
        assert_eq!(cookies.session(&headers), Some("abc"));
    }

    #[test]
    fn a_cleared_cookie_is_no_session() {
        let cookies = Cookies::of("");
        assert!(cookies.clearing().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        let headers = bringing("__Host-ai_session=; x=__Host-ai_session");
        assert_eq!(cookies.session(&headers), None);
    }

    #[test]
    fn two_instances_on_one_host_do_not_touch_each_others_cookies() {
        let (ours, theirs) = (Cookies::of("5be1-0a37-c2"), Cookies::of("5be1-0a37-c3"));
        let pair = |cookies: &Cookies, token| {
            let set = cookies.setting(token, Duration::from_secs(60)).unwrap();
            set.to_str().unwrap().split(';').next().unwrap().to_owned()
        };
        let jar = bringing(&format!("{}; {}", pair(&ours, "a"), pair(&theirs, "b")));
        assert_eq!((ours.session(&jar), theirs.session(&jar)), (Some("a"), Some("b")));
        assert_ne!(ours.device, theirs.device);
        assert!(
            ours.clearing().unwrap().to_str().unwrap().starts_with(&format!("{}=;", ours.session))
        );
    }
}
