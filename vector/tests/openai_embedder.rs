//! The embedder over HTTP against a stand-in of the service: results, refusals, tries, secrets.
#![cfg(feature = "openai")]
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

#[path = "../../tests/src/mock/embeddings.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod embeddings;
#[path = "../../tests/src/mock/loopback.rs"]
mod loopback;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use appliance_core::{
    Embedding,
    ports::{EmbedError, Embedder as _},
};
use embeddings::{MockEmbeddings, Reply, vector};
use vector::{OpenAiEmbedder, OpenAiOptions, OpenAiPatience};

const KEY: &str = "sk-canary-41aa";
const DIM: usize = 16;

fn options(mock: &MockEmbeddings) -> OpenAiOptions {
    OpenAiOptions {
        base_url: mock.base_url(),
        api_key: KEY.to_owned().into(),
        model: "text-embedding-3-small".to_owned(),
        dim: DIM,
        batch: 100,
    }
}

fn connected(options: OpenAiOptions) -> OpenAiEmbedder {
    let _second = rustls::crypto::ring::default_provider().install_default();
    let patience = OpenAiPatience {
        attempt: Duration::from_millis(500),
        whole: Duration::from_secs(4),
        pause: Duration::from_millis(10),
    };
    OpenAiEmbedder::patiently(options, patience).unwrap()
}

async fn mock() -> MockEmbeddings {
    MockEmbeddings::start(Some(KEY), 64 * 1024).await.unwrap()
}

fn told(text: &str) -> Option<Embedding> {
    Embedding::normalised(vector(text, DIM))
}

fn refused(error: &EmbedError) -> String {
    assert!(matches!(error, EmbedError::Refused { .. }), "{error}");
    error.to_string()
}

fn unavailable(error: &EmbedError) -> String {
    assert!(matches!(error, EmbedError::Unavailable { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn texts_go_in_batches_and_every_vector_finds_its_own() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    let texts: Vec<String> = (0..250).map(|n| format!("the text number {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = embedder.embed(&texts).await.unwrap();
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(*vector, told(text), "{text}");
    }
    let asked = mock.asked();
    assert_eq!(asked.iter().map(|it| it.texts().len()).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(asked[0].headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(asked[0].body["dimensions"], DIM);
}

#[tokio::test]
async fn blank_texts_have_no_vector_and_cost_no_call() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    assert_eq!(embedder.embed(&["", " \n\t"]).await.unwrap(), [None, None]);
    assert!(mock.asked().is_empty());
    let mixed = embedder.embed(&["", "tea", " "]).await.unwrap();
    assert_eq!(mixed, [None, told("tea"), None]);
    assert_eq!(mock.asked()[0].texts(), ["tea"]);
}

#[tokio::test]
async fn what_passes_is_tried_again_and_the_wish_to_wait_is_kept() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    mock.then(Reply::error(503, "server_error"));
    mock.then(Reply::Hang);
    mock.then(Reply::Error {
        status: 429,
        code: "rate_limit_exceeded",
        message: "slow down".to_owned(),
        retry_after: Some(1),
    });
    #[expect(clippy::disallowed_methods, reason = "a test measures")]
    let begin = Instant::now();
    assert_eq!(embedder.embed(&["tea"]).await.unwrap(), [told("tea")]);
    assert!(begin.elapsed() >= Duration::from_millis(1_500), "half a second of silence and one");
    assert_eq!(mock.asked().len(), 4);
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_begun() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    mock.then(Reply::Error {
        status: 429,
        code: "rate_limit_exceeded",
        message: "come back tomorrow".to_owned(),
        retry_after: Some(86_400),
    });
    let error = unavailable(&embedder.embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("come back tomorrow") && error.contains("limits"), "{error}");
    assert_eq!(mock.asked().len(), 1);
}

#[tokio::test]
async fn a_service_that_stays_away_is_unavailable() {
    let mock = mock().await;
    let away = options(&mock);
    drop(mock);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = unavailable(&connected(away).embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("cannot connect to 127.0.0.1"), "{error}");
}

#[tokio::test]
async fn what_will_not_pass_is_refused_at_once_with_what_to_do() {
    let mock = mock().await;
    let wrong_key = OpenAiOptions { api_key: "sk-wrong-0b0b".to_owned().into(), ..options(&mock) };
    let error = refused(&connected(wrong_key).embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("401") && error.contains("check OPENAI_API_KEY"), "{error}");
    let no_model = OpenAiOptions { model: "no-such-model".to_owned(), ..options(&mock) };
    let error = refused(&connected(no_model).embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("404") && error.contains("memory.openai.model"), "{error}");
    mock.then(Reply::error(429, "insufficient_quota"));
    let error = refused(&connected(options(&mock)).embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("insufficient_quota"), "{error}");
    mock.then(Reply::Redirect("http://127.0.0.1:1/".to_owned()));
    let error = refused(&connected(options(&mock)).embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("not followed"), "{error}");
    assert_eq!(mock.asked().len(), 4, "each was asked once");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_an_error_and_not_a_vector() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    let one = |index: u32, values: &str| {
        format!("{{\"object\":\"embedding\",\"index\":{index},\"embedding\":[{values}]}}")
    };
    let ones = vec!["1.0"; DIM].join(",");
    let zeros = vec!["0.0"; DIM].join(",");
    let huge = vec!["1e39"; DIM].join(",");
    let cases = [
        (one(0, &ones), "1 of 2 is missing"),
        (format!("{},{}", one(0, &ones), one(0, &ones)), "is there twice"),
        (format!("{},{}", one(0, &ones), one(7, &ones)), "a vector 7 for 2 texts"),
        (format!("{},{}", one(0, &ones), one(1, &zeros)), "all zero"),
        (format!("{},{}", one(0, &ones), one(1, &huge)), "no number"),
        (format!("{},{}", one(0, &ones), one(1, "1.0")), "1 numbers"),
        ("not json".to_owned(), "cannot be read"),
    ];
    for (data, expected) in cases {
        let body = format!(
            "{{\"object\":\"list\",\"model\":\"m\",\"data\":[{data}],\
             \"usage\":{{\"prompt_tokens\":1,\"total_tokens\":1}}}}"
        );
        mock.then(Reply::Body(body));
        let error = embedder.embed(&["tea", "coffee"]).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_until_it_is_taken() {
    let mock = MockEmbeddings::start(Some(KEY), 2_500).await.unwrap();
    let embedder = connected(options(&mock));
    let long = "h\u{e9}llo ".repeat(9_000);
    let vectors = embedder.embed(&[&long, "tea"]).await.unwrap();
    assert!(vectors[0].is_some());
    assert_eq!(vectors[1], told("tea"));
    let sizes: Vec<usize> = mock.asked().iter().map(|asked| asked.texts()[0].len()).collect();
    assert_eq!(sizes.len(), 4);
    assert!(sizes.windows(2).all(|pair| pair[0] > pair[1]) && sizes[3] <= 2_500, "{sizes:?}");
}

#[tokio::test]
async fn the_key_is_in_no_error_and_no_debug_even_if_the_service_says_it() {
    let mock = mock().await;
    let embedder = connected(options(&mock));
    mock.then(Reply::Error {
        status: 403,
        code: "forbidden",
        message: format!("the key {KEY} may not do this\u{1b}[2J"),
        retry_after: None,
    });
    let error = refused(&embedder.embed(&["tea"]).await.unwrap_err());
    assert!(error.contains("the key *** may not") && !error.contains('\u{1b}'), "{error}");
    let wrong = OpenAiOptions { api_key: "two\nlines-canary".to_owned().into(), ..options(&mock) };
    let error = OpenAiEmbedder::connect(wrong).unwrap_err();
    let shown = format!("{error} {error:?} {embedder:?} {:?}", options(&mock));
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn the_key_and_the_texts_are_in_no_log_line_of_anybody() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let log = log.with_writer(lines.clone()).finish();
    let _while_this_runs = tracing::subscriber::set_default(log);
    let mock = mock().await;
    let embedder = connected(options(&mock));
    mock.then(Reply::error(500, "server_error"));
    mock.then(Reply::Body(format!("<html>you sent {KEY}</html>")));
    let error = embedder.embed(&["a private text"]).await.unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
    let written = lines.written();
    assert!(written.contains("tried again"), "the log was caught: {written}");
    assert!(!written.contains("canary") && !written.contains("private"), "{written}");
}

/// A log that a test can read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn written(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_service_without_a_key_and_with_another_model_gets_no_header_and_no_dimensions() {
    let mock = MockEmbeddings::start(None, 64 * 1024).await.unwrap();
    let options = OpenAiOptions {
        api_key: String::new().into(),
        model: "nomic-embed-text".to_owned(),
        dim: 1_536,
        ..options(&mock)
    };
    let vectors = connected(options).embed(&["tea"]).await.unwrap();
    assert_eq!(vectors[0].as_ref().map(|vector| vector.values().len()), Some(1_536));
    let asked = mock.asked();
    assert!(!asked[0].headers.contains_key("authorization"));
    assert!(asked[0].body.get("dimensions").is_none());
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_refused_before_any_call() {
    let mock = mock().await;
    for url in ["ftp://x", "http://", "https://user:pw@host/v1", "https://host/v1?x=1", "nonsense"]
    {
        let wrong = OpenAiOptions { base_url: url.to_owned(), ..options(&mock) };
        let error = refused(&OpenAiEmbedder::connect(wrong).unwrap_err());
        assert!(error.contains("memory.openai.base_url") && !error.contains("user:pw"), "{error}");
    }
}
