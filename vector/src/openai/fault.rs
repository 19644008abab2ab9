//! Everything that can go wrong on the way to the service, turned into [`EmbedError`] here alone.

use std::{error::Error, time::Duration};

use appliance_core::ports::EmbedError;
use http::StatusCode;

/// Longest excerpt of the service's own words, in characters.
const WORDS: usize = 300;

/// A failed call. No variant holds the key: it is taken out of the service's words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the address cannot be used: {0}; correct memory.openai.base_url")]
    BaseUrl(String),
    #[error("the key holds characters that no key has; copy OPENAI_API_KEY again")]
    BadKey,
    #[error("no TLS provider is installed; install rustls' ring provider first thing in main")]
    NoTls,
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    #[error("cannot connect to {host}: {why}; check the network and memory.openai.base_url")]
    Connect { host: String, why: String },
    #[error("the call to {host} broke off: {why}; try again")]
    Cut { host: String, why: String },
    #[error("the call failed: {0}; try again")]
    Broken(String),
    #[error("no answer within {} s; try again", waited.as_secs_f32())]
    Silent { waited: Duration },
    #[error("{status}: {words}; {}", advice(*status))]
    Status { status: StatusCode, words: String, after: Option<Duration>, spent: bool },
    #[error(
        "it answered with a redirect ({0}), which is not followed so that the key stays where it \
         was sent; set memory.openai.base_url to the final address"
    )]
    Redirected(StatusCode),
    #[error("the answer has over {limit} bytes; lower memory.openai.batch")]
    TooLarge { limit: usize },
    #[error(
        "the answer cannot be read: {0}; is there an embeddings API at memory.openai.base_url?"
    )]
    Unreadable(String),
    #[error("the answer does not fit what was asked: {0}; try again")]
    Answer(String),
    #[error(
        "its vectors have {came} numbers and memory.openai.dimensions says {wanted}; set it to \
         {came}, or choose another model"
    )]
    Dimension { came: usize, wanted: usize },
}

impl Fault {
    /// What went wrong while sending or while reading an answer.
    pub(super) fn sending(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let connect = error.is_connect();
        let why = root_cause(&error.without_url());
        if connect { Self::Connect { host, why } } else { Self::Cut { host, why } }
    }

    /// What a status and an error's body say; `key` is taken out of its words.
    pub(super) fn status(
        status: StatusCode,
        body: &[u8],
        after: Option<Duration>,
        key: &str,
    ) -> Self {
        let error = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
        let error = &error["error"];
        let told = error["message"].as_str().or(error.as_str()).unwrap_or("no reason given");
        let told = if key.is_empty() { told.to_owned() } else { told.replace(key, "***") };
        let words: String = told.escape_debug().take(WORDS).collect();
        let spent = [&error["type"], &error["code"]].iter().any(|it| **it == "insufficient_quota");
        Self::Status { status, words, after, spent }
    }

    /// Tells whether another try may go better.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Cut { .. } | Self::Silent { .. } => true,
            Self::Status { status, spent, .. } => {
                !spent && (matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error())
            }
            _ => false,
        }
    }

    /// Returns how long the service wants to be left alone.
    pub(super) fn after(&self) -> Option<Duration> {
        match self {
            Self::Status { after, .. } => *after,
            _ => None,
        }
    }

    /// Tells whether a text was too long.
    pub(super) fn is_about_length(&self) -> bool {
        let Self::Status { status, words, .. } = self else { return false };
        let words = words.to_lowercase();
        let about = ["token", "length", "too long", "context", "too large"];
        matches!(status.as_u16(), 400 | 413 | 422) && about.iter().any(|word| words.contains(word))
    }

    pub(super) fn at(self, model: &str) -> EmbedError {
        let passing = self.may_pass() || matches!(self, Self::Broken(_) | Self::Answer(_));
        let (model, why) = (model.to_owned(), self.to_string());
        if passing {
            EmbedError::Unavailable { model, why }
        } else {
            EmbedError::Refused { model, why }
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "check OPENAI_API_KEY and what that key may do",
        404 => "check memory.openai.model and memory.openai.base_url",
        429 => "wait, or raise the account's limits",
        400..500 => "check memory.openai.model and memory.openai.dimensions",
        _ => "try again later",
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
