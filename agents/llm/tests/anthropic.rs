//! The Anthropic client against a provider that is scripted byte by byte, and misbehaves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "support/provider.rs"]
mod provider;

use std::time::Duration;

use agents_llm::anthropic::{AnthropicModel, AnthropicOptions};
use appliance_core::ports::{LlmError, LlmErrorKind, Model, ModelCall, ModelReply};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use provider::{Provider, Step, chunk, header, stream_head, whole};
use secrecy::SecretString;

const KEY: &str = "sk-ant-canary-5f1c";
const OVERLOADED: &str = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#;

fn options(url: &str) -> AnthropicOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    AnthropicOptions {
        connect_timeout: Duration::from_millis(300),
        first_byte_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(300),
        retry_pause: Duration::from_millis(10),
        ..AnthropicOptions::new(url, SecretString::from(KEY), "claude-test")
    }
}

fn call(body: &'static [u8]) -> ModelCall {
    let headers = vec![("Anthropic-Beta".to_owned(), "context-1".to_owned())];
    ModelCall { body: Bytes::from_static(body), headers, agent: None, task_id: None }
}

async fn send(provider: &Provider) -> Result<ModelReply, LlmError> {
    AnthropicModel::connect(options(&provider.url)).unwrap().messages(call(b"{}")).await
}

async fn text(reply: ModelReply) -> String {
    let pieces: Vec<Bytes> = reply.body.try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

/// Asserts that the key is nowhere in what a person or a log may see.
fn keeps_the_key(error: &LlmError) {
    for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn request_and_stream_pass_verbatim_even_cut_inside_a_character() {
    let events =
        "event: ping\ndata: {}\n\nevent: x\ndata: {\"new_field\": \"Grüße 🐦\"}\n\n".as_bytes();
    let bird = events.windows(4).position(|part| part == "🐦".as_bytes()).unwrap();
    let script = vec![
        stream_head(),
        chunk(&events[..bird + 2]),
        Step::Wait(Duration::from_millis(30)),
        chunk(&events[bird + 2..]),
        Step::Send(b"0\r\n\r\n".to_vec()),
    ];
    let provider = Provider::start(vec![script]).await;
    let body = b"{ \"model\":\"m\",  \"odd\" : [1e3, \"\\u00e9\"]}\n";
    let model = AnthropicModel::connect(options(&provider.url)).unwrap();
    let reply = model.messages(call(body)).await.unwrap();
    assert_eq!(reply.status, 200);
    let mut names: Vec<&str> = reply.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["anthropic-ratelimit-requests-remaining", "content-type", "request-id"]);
    let pieces: Vec<Bytes> = reply.body.try_collect().await.unwrap();
    assert!(pieces.len() > 1, "handed on piece by piece");
    assert_eq!(pieces.concat(), events);

    let asked = &provider.asked()[0];
    assert_eq!(asked.body, body);
    assert!(asked.head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(header(&asked.head, "x-api-key").as_deref(), Some(KEY));
    assert_eq!(header(&asked.head, "anthropic-version").as_deref(), Some("2023-06-01"));
    assert_eq!(header(&asked.head, "anthropic-beta").as_deref(), Some("context-1"));
}

#[tokio::test]
async fn the_callers_version_wins_and_other_headers_stay_behind() {
    let provider = Provider::start(vec![whole("200 OK", "", "{}")]).await;
    let mut call = call(b"{}");
    call.headers.push(("anthropic-version".to_owned(), "2030-01-01".to_owned()));
    call.headers.push(("x-api-key".to_owned(), "forged".to_owned()));
    call.headers.push(("cookie".to_owned(), "a=b".to_owned()));
    let model = AnthropicModel::connect(options(&format!("{}/", provider.url))).unwrap();
    model.messages(call).await.unwrap();
    let head = &provider.asked()[0].head;
    assert_eq!(header(head, "anthropic-version").as_deref(), Some("2030-01-01"));
    assert_eq!(header(head, "x-api-key").as_deref(), Some(KEY));
    assert_eq!(header(head, "cookie"), None);
}

#[tokio::test]
async fn an_overloaded_provider_is_asked_again() {
    let busy = whole("529 Overloaded", "", OVERLOADED);
    let provider = Provider::start(vec![busy, whole("200 OK", "", "{\"ok\":1}")]).await;
    let reply = send(&provider).await.unwrap();
    assert_eq!((reply.status, text(reply).await.as_str()), (200, "{\"ok\":1}"));
    assert_eq!(provider.asked().len(), 2);
}

#[tokio::test]
async fn after_two_more_tries_the_providers_error_is_handed_on_whole() {
    let provider = Provider::start(vec![whole("529 Overloaded", "", OVERLOADED)]).await;
    let reply = send(&provider).await.unwrap();
    assert_eq!((reply.status, text(reply).await.as_str()), (529, OVERLOADED));
    assert_eq!(provider.asked().len(), 3);
}

#[tokio::test]
async fn the_pause_that_the_provider_asks_for_is_kept() {
    let busy = whole("429 Too Many Requests", "retry-after-ms: 250\r\n", OVERLOADED);
    let provider = Provider::start(vec![busy, whole("200 OK", "", "{}")]).await;
    let start = tokio::time::Instant::now();
    assert_eq!(send(&provider).await.unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    let spent = r#"{"type":"error","error":{"type":"billing_error","message":"limit"}}"#;
    let cases = [
        whole("429 Too Many Requests", "", spent),
        whole("429 Too Many Requests", "retry-after: 3600\r\n", OVERLOADED),
        whole("529 Overloaded", "x-should-retry: false\r\n", OVERLOADED),
        whole("401 Unauthorized", "", OVERLOADED),
        whole("400 Bad Request", "", OVERLOADED),
    ];
    for case in cases {
        let provider = Provider::start(vec![case.clone()]).await;
        let reply = send(&provider).await.unwrap();
        assert!(reply.status >= 400);
        assert!(text(reply).await.starts_with("{\"type\":\"error\""));
        assert_eq!(provider.asked().len(), 1, "{case:?}");
    }
}

#[tokio::test]
async fn a_silent_provider_is_an_error_after_the_first_byte_timeout_and_not_asked_twice() {
    let provider = Provider::start(vec![vec![Step::Wait(Duration::from_secs(30))]]).await;
    let error = send(&provider).await.unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::Unavailable);
    assert!(error.message.starts_with("no reply within 0.6 s"), "{error}");
    keeps_the_key(&error);
    assert_eq!(provider.asked().len(), 1);
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_in_an_error() {
    let script = vec![stream_head(), chunk(b"event: a"), Step::Wait(Duration::from_secs(30))];
    let provider = Provider::start(vec![script]).await;
    let mut body = send(&provider).await.unwrap().body;
    assert_eq!(body.next().await.unwrap().unwrap(), "event: a");
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::Unavailable);
    assert!(error.message.contains("silent for 0.3 s after 8 bytes"), "{error}");
    keeps_the_key(&error);
    assert!(body.next().await.is_none(), "over after an error");
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_in_an_error() {
    let provider = Provider::start(vec![vec![stream_head(), chunk(b"event: a")]]).await;
    let mut body = send(&provider).await.unwrap().body;
    assert_eq!(body.next().await.unwrap().unwrap(), "event: a");
    let error = body.next().await.unwrap().unwrap_err();
    assert!(error.message.contains("broke off after 8 bytes"), "{error}");
    keeps_the_key(&error);
    assert!(body.next().await.is_none());
    assert_eq!(provider.asked().len(), 1, "nothing is tried again once bytes were handed on");
}

#[tokio::test]
async fn a_refused_connection_names_the_host_and_the_way_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let model = AnthropicModel::connect(options(&url)).unwrap();
    let error = model.messages(call(b"{}")).await.unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::Unavailable);
    assert!(error.message.starts_with("cannot connect to 127.0.0.1"), "{error}");
    assert!(error.message.contains("base_url"), "{error}");
    keeps_the_key(&error);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Provider::start(vec![whole("200 OK", "", "{}")]).await;
    let location = format!("location: {}/v1/messages\r\n", elsewhere.url);
    let provider = Provider::start(vec![whole("307 Temporary Redirect", &location, "")]).await;
    let error = send(&provider).await.unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::Invalid);
    assert!(error.message.contains("redirect (307)"), "{error}");
    assert!(elsewhere.asked().is_empty(), "the key went elsewhere");
}

#[tokio::test]
async fn wrong_settings_are_told_at_once_and_no_text_holds_the_key() {
    for url in ["api.anthropic.com", "ftp://host", "https://u:p@host", "https://host/?a=b", ""] {
        let error = AnthropicModel::connect(options(url)).unwrap_err();
        assert_eq!(error.kind, LlmErrorKind::Invalid, "{url}");
        assert!(error.message.contains("base_url"), "{error}");
    }
    for key in ["", "  ", "sk-canary\nx"] {
        let api_key = SecretString::from(key);
        let options = AnthropicOptions { api_key, ..options("https://host") };
        let error = AnthropicModel::connect(options).unwrap_err();
        assert_eq!(error.kind, LlmErrorKind::Unauthorised, "{key:?}");
        keeps_the_key(&error);
    }
    let options = options("https://host");
    let model = AnthropicModel::connect(options.clone()).unwrap();
    assert!(!format!("{options:?} {model:?}").contains("canary"));
    assert_eq!(model.name(), "claude-test");
}
