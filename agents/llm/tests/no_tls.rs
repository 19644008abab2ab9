//! A process that forgot its TLS provider is told so, instead of a panic. A process of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use agents_llm::anthropic::{AnthropicModel, AnthropicOptions};
use secrecy::SecretString;

#[test]
fn a_missing_tls_provider_is_an_error_that_says_what_to_do() {
    let key = SecretString::from("sk-canary");
    let options = AnthropicOptions::new(AnthropicOptions::BASE_URL, key, "claude-test");
    let error = AnthropicModel::connect(options).unwrap_err();
    assert!(error.message.contains("install rustls' ring provider"), "{error}");
}
