//! What the client is told: where, as whom, how patiently. Checks it; sends nothing.

use std::time::Duration;

use http::header::HeaderValue;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};

use super::fault::Fault;

/// Settings of an [`AnthropicModel`](super::AnthropicModel).
#[derive(Clone)]
pub struct AnthropicOptions {
    /// Such as `https://api.anthropic.com`; `/v1/messages` is appended.
    pub base_url: String,
    /// The API key.
    pub api_key: SecretString,
    /// The model that agents are told to name.
    pub model: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the reply's head once connected.
    pub first_byte_timeout: Duration,
    /// Longest silence inside a reply; the API pings well within it.
    pub idle_timeout: Duration,
    /// Pause before the second try; doubles, at most 8 s.
    pub retry_pause: Duration,
}

impl AnthropicOptions {
    /// The service's own address.
    pub const BASE_URL: &str = "https://api.anthropic.com";

    /// Takes the usual patience: 5 s to connect, 30 s to the first byte, 30 s of silence. An agent
    /// gives up a little earlier, with words for the person; this ends what it left behind.
    #[must_use]
    pub fn new(
        base_url: impl Into<String>,
        api_key: SecretString,
        model: impl Into<String>,
    ) -> Self {
        Self {
            base_url: base_url.into(),
            api_key,
            model: model.into(),
            connect_timeout: Duration::from_secs(5),
            first_byte_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            retry_pause: Duration::from_millis(500),
        }
    }

    pub(super) fn endpoint(&self) -> Result<Url, Fault> {
        let text = format!("{}/v1/messages", self.base_url.trim_end_matches('/'));
        let url = Url::parse(&text).map_err(|error| Fault::BaseUrl(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Fault::BaseUrl("it must begin with https:// or http://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::BaseUrl("it must not contain a user or a password".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Fault::BaseUrl("it must end with its path".to_owned()));
        }
        Ok(url)
    }

    pub(super) fn key(&self) -> Result<HeaderValue, Fault> {
        let text = self.api_key.expose_secret().trim();
        if text.is_empty() {
            return Err(Fault::NoKey);
        }
        let mut value = HeaderValue::from_str(text).map_err(|_| Fault::BadKey)?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn client(&self, endpoint: &Url) -> Result<Client, Fault> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(Fault::NoTls); // reqwest would panic
        }
        let mut builder = Client::builder()
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ai-infra/", env!("CARGO_PKG_VERSION")));
        if is_loopback(endpoint) {
            builder = builder.no_proxy();
        } else if endpoint.scheme() == "http" {
            tracing::warn!(
                event = "insecure",
                host = endpoint.host_str(),
                "the model's key travels unencrypted; use an https base_url"
            );
        }
        builder.build().map_err(|error| Fault::Client(error.to_string()))
    }
}

impl std::fmt::Debug for AnthropicOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnthropicOptions")
            .field("model", &self.model)
            .field("connect_timeout", &self.connect_timeout)
            .field("first_byte_timeout", &self.first_byte_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
