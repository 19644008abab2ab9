//! Devices that logged in before: a mark that a browser keeps, so that guesses by strangers never
//! stand in its owner's way at the log-in. A mark is no login and opens nothing.
//!
//! Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use ring::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretBox};
use web_dto::Code;

use super::Cookies;
use crate::error::ApiError;

/// How long a browser keeps the mark: 400 days, the most that browsers grant a cookie.
const TTL: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// What this key signs, so that nothing else signed with it can be taken for a mark.
const PURPOSE: &[u8] = b"ai-infra device mark\0";

const NONCE_BYTES: usize = 16;

/// The number of one marked device.
pub(crate) type Device = [u8; NONCE_BYTES];

/// Makes and checks marks.
pub(crate) struct Devices {
    key: hmac::Key,
    cookies: Arc<Cookies>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Devices(..)")
    }
}

impl Devices {
    /// Starts with the server's key and the names of its cookies.
    pub(crate) fn new(key: &SecretBox<[u8; 32]>, cookies: Arc<Cookies>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret()), cookies }
    }

    /// Returns the `Set-Cookie` value that marks a device for the account of `email`.
    ///
    /// # Errors
    /// `internal` when the system gives no random numbers.
    pub(crate) fn mark(&self, email: &str) -> Result<HeaderValue, ApiError> {
        let failed = || ApiError::new(Code::Internal, "no mark was made for this device");
        let mut nonce = [0; NONCE_BYTES];
        SystemRandom::new().fill(&mut nonce).map_err(|_| failed())?;
        let tag = hmac::sign(&self.key, &signed(&nonce, email));
        let mark = URL_SAFE_NO_PAD.encode([&nonce, tag.as_ref()].concat());
        self.cookies.marking(&mark, TTL).ok_or_else(failed)
    }

    /// Returns the device that sent these headers, if it was marked for the account of `email`.
    pub(crate) fn known(&self, headers: &HeaderMap, email: &str) -> Option<Device> {
        let mark = URL_SAFE_NO_PAD.decode(self.cookies.device(headers)?).ok()?;
        let (nonce, tag) = mark.split_first_chunk::<NONCE_BYTES>()?;
        hmac::verify(&self.key, &signed(nonce, email), tag).ok().map(|()| *nonce)
    }
}

fn signed(nonce: &Device, email: &str) -> Vec<u8> {
    [PURPOSE, nonce, email.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn devices(key: u8) -> Devices {
        Devices::new(&SecretBox::new(Box::new([key; 32])), Arc::new(Cookies::of("", "")))
    }

    #[test]
    fn a_mark_is_good_for_its_account_and_from_this_server_only() {
        let set = devices(1).mark("ann@example.com").unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, pair.parse().unwrap());
        assert!(devices(1).known(&headers, "ann@example.com").is_some());
        assert!(devices(1).known(&headers, "bob@example.com").is_none());
        assert!(devices(2).known(&headers, "ann@example.com").is_none());
        headers.insert(header::COOKIE, format!("{pair}A").parse().unwrap());
        assert!(devices(1).known(&headers, "ann@example.com").is_none());
    }
}
