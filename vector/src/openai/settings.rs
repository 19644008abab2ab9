//! What the client is told: where, as whom, how patiently. Checks it; sends nothing.

use std::time::Duration;

use async_openai::config::Config;
use http::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use super::fault::Fault;

/// Settings of an [`OpenAiEmbedder`](super::OpenAiEmbedder).
#[derive(Clone)]
pub struct OpenAiOptions {
    /// Such as `https://api.openai.com/v1`; `/embeddings` is appended.
    pub base_url: String,
    /// The key; empty for a service that wants none.
    pub api_key: SecretString,
    /// The model to ask for.
    pub model: String,
    /// The length of its vectors.
    pub dim: usize,
    /// Most texts a request carries.
    pub batch: usize,
}

/// How long is waited.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one request and its answer.
    pub attempt: Duration,
    /// For a request with all its tries; a pause that would pass it is not begun.
    pub whole: Duration,
    /// Before the second try; doubles, at most 8 s.
    pub pause: Duration,
}

impl Default for Patience {
    /// 20 s a try, 60 s in all, half a second before the second try.
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(20),
            whole: Duration::from_secs(60),
            pause: Duration::from_millis(500),
        }
    }
}

impl std::fmt::Debug for OpenAiOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenAiOptions")
            .field("model", &self.model)
            .field("dim", &self.dim)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

impl OpenAiOptions {
    /// The length to ask for; older models and other services do not know the parameter.
    pub(super) fn asked_dimensions(&self) -> Option<u32> {
        let knows = self.model.starts_with("text-embedding-") && !self.model.contains("ada");
        knows.then_some(u32::try_from(self.dim).ok()).flatten()
    }

    /// Returns the address, checked.
    pub(super) fn endpoint(&self) -> Result<Url, Fault> {
        let text = self.base_url.trim_end_matches('/');
        let url = Url::parse(text).map_err(|error| Fault::BaseUrl(error.to_string()))?;
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
}

/// The service as `async-openai` wants it described. Its own description reads the environment and
/// panics at a key that is none.
#[derive(Clone)]
pub(super) struct Service {
    base_url: String,
    api_key: SecretString,
    authorization: Option<HeaderValue>,
}

impl Service {
    /// Checks the key and the address.
    pub(super) fn of(options: &OpenAiOptions) -> Result<Self, Fault> {
        let base_url = options.endpoint()?.as_str().trim_end_matches('/').to_owned();
        let key = options.api_key.expose_secret().trim();
        let authorization = match key.is_empty() {
            true => None,
            false => {
                let mut value =
                    HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| Fault::BadKey)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self { base_url, api_key: options.api_key.clone(), authorization })
    }
}

impl Config for Service {
    fn headers(&self) -> HeaderMap {
        let authorization = self.authorization.clone().map(|value| (AUTHORIZATION, value));
        authorization.into_iter().collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.api_key
    }
}
