//! The cookies: the session's and the device's, how they are written and read. Their values are
//! secret tokens and never logged.

use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};

/// Makes browsers insist on Secure, Path=/ and no Domain.
const HOST: &str = "__Host-";

/// The same without Path=/, for a server below a path: its neighbours are not sent its cookies.
const SECURE: &str = "__Secure-";

const SESSION: &str = "ai_session";

const DEVICE: &str = "ai_device";

/// Characters of the instance's id that stand in the names: enough to tell the servers of one host.
const INSTANCE_CHARS: usize = 12;

/// The cookies of one instance. Browsers keep one jar a host for all its ports: without the
/// instance in their names, the log-ins of two servers on one host would end each other.
#[derive(Debug)]
pub(crate) struct Cookies {
    session: String,
    device: String,
    path: String,
}

impl Cookies {
    /// Names the cookies of the instance with this id, which people see below `path`.
    pub(crate) fn of(instance: &str, path: &str) -> Self {
        let id = instance.chars().filter(char::is_ascii_alphanumeric);
        let id: String = id.take(INSTANCE_CHARS).collect();
        let (kind, path) = if path.is_empty() { (HOST, "/") } else { (SECURE, path) };
        let end = if id.is_empty() { String::new() } else { format!("_{id}") };
        let named = |name: &str| format!("{kind}{name}{end}");
        Self { session: named(SESSION), device: named(DEVICE), path: path.to_owned() }
    }

    /// Returns the `Set-Cookie` value that logs a browser in for `ttl`.
    pub(crate) fn setting(&self, token: &str, ttl: Duration) -> Option<HeaderValue> {
        self.render(&self.session, token, ttl)
    }

    /// Returns the `Set-Cookie` value that logs a browser out.
    pub(crate) fn clearing(&self) -> Option<HeaderValue> {
        self.render(&self.session, "", Duration::ZERO)
    }

    /// Returns the `Set-Cookie` value that makes a browser known again for `ttl`.
    pub(crate) fn marking(&self, mark: &str, ttl: Duration) -> Option<HeaderValue> {
        self.render(&self.device, mark, ttl)
    }

    /// Returns the session token that a browser sent.
    pub(crate) fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        sent(headers, &self.session)
    }

    /// Returns the device's mark that a browser sent.
    pub(crate) fn device<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        sent(headers, &self.device)
    }

    fn render(&self, name: &str, value: &str, ttl: Duration) -> Option<HeaderValue> {
        let text = Cookie::build((name, value))
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Lax)
            .path(&self.path)
            .build()
            .to_string();
        let text = format!("{text}; Max-Age={}", ttl.as_secs());
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
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
        let cookies = Cookies::of("", "");
        let set = cookies.setting("abc", Duration::from_secs(60)).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-ai_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
        let headers = bringing("a=1; __Host-ai_session=abc; b=2");
        assert_eq!(cookies.session(&headers), Some("abc"));
    }

    #[test]
    fn below_a_path_a_cookie_is_that_paths_alone() {
        let set = Cookies::of("5be1", "/team/ai").setting("abc", Duration::from_secs(60)).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Secure-ai_session_5be1=abc; HttpOnly; SameSite=Lax; Secure; Path=/team/ai; Max-Age=60"
        );
    }

    #[test]
    fn a_cleared_cookie_is_no_session() {
        let cookies = Cookies::of("", "");
        assert!(cookies.clearing().unwrap().to_str().unwrap().ends_with("Max-Age=0"));
        let headers = bringing("__Host-ai_session=; x=__Host-ai_session");
        assert_eq!(cookies.session(&headers), None);
    }

    #[test]
    fn two_instances_on_one_host_do_not_touch_each_others_cookies() {
        let (ours, theirs) = (Cookies::of("5be1-0a37-c2", ""), Cookies::of("5be1-0a37-c3", ""));
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
