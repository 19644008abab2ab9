//! Everything that can go wrong on the way to the provider, turned into [`LlmError`] here alone.

use std::{error::Error, time::Duration};

use appliance_core::ports::{LlmError, LlmErrorKind};
use reqwest::Url;

use super::retry::Verdict;

/// A failed call. No variant can hold the key: it is never part of a URL or of a driver's error.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the base_url cannot be used: {0}; correct it in the configuration")]
    BaseUrl(String),
    #[error("no API key is configured; set ANTHROPIC_API_KEY or use the demo model")]
    NoKey,
    #[error("the API key holds characters that no key has; copy ANTHROPIC_API_KEY again")]
    BadKey,
    #[error("no TLS provider is installed; install rustls' ring provider first thing in main")]
    NoTls,
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    #[error("cannot connect to {host}: {why}; check the network and the model's base_url")]
    Connect { host: String, why: String },
    #[error("the request to {host} failed: {why}; try again")]
    Broken { host: String, why: String },
    #[error("no reply within {} s; try again or raise the model's timeout", waited.as_secs_f32())]
    Silent { waited: Duration },
    #[error(
        "the provider answered with a redirect ({0}), which is not followed so that the key stays \
         where it was sent; set the model's base_url to the final address"
    )]
    Redirected(u16),
    #[error("the provider refuses the key ({0}); set ANTHROPIC_API_KEY to one that it takes")]
    Refused(u16),
    #[error("the provider knows no model `{0}`; name another in model.name")]
    Unknown(String),
    #[error("the provider takes nothing more of this key for now; wait, or raise its limits")]
    Limited,
    #[error("the provider fails ({0}); try again later")]
    Failing(u16),
    #[error("the reply broke off after {bytes} bytes: {why}; try again")]
    Cut { bytes: u64, why: String },
    #[error("the reply fell silent for {} s after {bytes} bytes; try again", waited.as_secs_f32())]
    Stalled { bytes: u64, waited: Duration },
}

impl Fault {
    pub(super) fn sending(endpoint: &Url, error: reqwest::Error) -> Self {
        let host = endpoint.host_str().unwrap_or_default().to_owned();
        let connect = error.is_connect();
        let why = root_cause(&error.without_url());
        if connect { Self::Connect { host, why } } else { Self::Broken { host, why } }
    }

    pub(super) fn cut(bytes: u64, error: reqwest::Error) -> Self {
        Self::Cut { bytes, why: root_cause(&error.without_url()) }
    }

    /// Only a connection that never stood is tried again: anything later may have been paid for.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Connect { .. } => Verdict::Again { after: None },
            _ => Verdict::Done,
        }
    }

    pub(super) fn at(self, model: &str) -> LlmError {
        let kind = match &self {
            Self::NoKey | Self::BadKey | Self::Refused(_) => LlmErrorKind::Unauthorised,
            Self::BaseUrl(_)
            | Self::NoTls
            | Self::Client(_)
            | Self::Redirected(_)
            | Self::Unknown(_) => LlmErrorKind::Invalid,
            Self::Limited => LlmErrorKind::Limited,
            _ => LlmErrorKind::Unavailable,
        };
        let message = self.to_string();
        LlmError { kind, model: model.to_owned(), message, retry_after: None }
    }
}

/// Returns the innermost words: the outer ones only say that sending failed.
fn root_cause(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
