//! A stand-in for OpenAI's embeddings API on the loopback, for tests that must not reach out.
//!
//! Answers `POST /embeddings` (and `/v1/embeddings`) with a vector of the words that a text holds,
//! in an order that is not the texts', as the real one may; refuses what the real one refuses, and
//! misbehaves when told to ([`Reply`]). Keeps what it was asked. No production path knows it.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::loopback::Loopback;

/// What the mock does with one request; the queue is empty by default, which means an answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with a status and an error body.
    Error {
        /// Such as 401 or 429.
        status: u16,
        /// The error's `code` and `type`, such as `insufficient_quota`.
        code: &'static str,
        /// Its words.
        message: String,
        /// Sent as `retry-after`, seconds.
        retry_after: Option<u64>,
    },
    /// Answers with this body and status 200, whatever was asked.
    Body(String),
    /// Answers with a redirect to this address.
    Redirect(String),
    /// Takes the request and never answers.
    Hang,
    /// Answers by the rule after this long.
    Slow(Duration),
}

impl Reply {
    /// Refuses with a status and words of its own.
    #[must_use]
    pub fn error(status: u16, code: &'static str) -> Self {
        Self::Error { status, code, message: format!("the mock says {code}"), retry_after: None }
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Value,
}

impl Asked {
    /// Returns the texts that it carried.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let input = self.body["input"].as_array().cloned().unwrap_or_default();
        input.iter().map(|text| text.as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The running mock; it ends with this value.
#[derive(Debug)]
pub struct MockEmbeddings {
    server: Loopback,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    key: Option<String>,
    most_bytes: usize,
    queue: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
}

impl MockEmbeddings {
    /// Starts one that takes only `key`, if one is given, and texts of at most `most_bytes`.
    ///
    /// # Errors
    /// When no port is free on the loopback.
    pub async fn start(key: Option<&str>, most_bytes: usize) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk {
            key: key.map(str::to_owned),
            most_bytes,
            queue: Mutex::default(),
            asked: Mutex::default(),
        });
        let routes = Router::new()
            .route("/embeddings", post(embeddings))
            .route("/v1/embeddings", post(embeddings))
            .layer(axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024));
        Ok(Self { server: Loopback::serve(routes, &desk).await?, desk })
    }

    /// Returns what to set as `OPENAI_BASE_URL`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Queues what to do with the next request that is not refused.
    pub fn then(&self, reply: Reply) {
        self.desk.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(reply);
    }

    /// Returns every request so far, refused ones too.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.desk.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns the vector that the mock gives a text: its words, counted, each at its hash.
#[must_use]
pub fn vector(text: &str, dim: usize) -> Vec<f32> {
    let mut vector = vec![0.01; dim];
    for word in text.split_whitespace() {
        let mut hash = DefaultHasher::new();
        word.to_lowercase().hash(&mut hash);
        vector[(hash.finish() % dim as u64) as usize] += 1.0;
    }
    vector
}

async fn embeddings(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    desk.record(&headers, &body);
    if let Some(refused) = desk.refuses(&headers, &body) {
        return refused;
    }
    let next = desk.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    match next {
        None => answer(&body),
        Some(Reply::Slow(pause)) => {
            tokio::time::sleep(pause).await;
            answer(&body)
        }
        Some(Reply::Hang) => std::future::pending().await,
        Some(Reply::Body(text)) => ([("content-type", "application/json")], text).into_response(),
        Some(Reply::Redirect(to)) => {
            (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response()
        }
        Some(Reply::Error { status, code, message, retry_after }) => {
            let mut refused = refusal(status, code, &message);
            if let Some(seconds) = retry_after {
                refused.headers_mut().insert("retry-after", seconds.into());
            }
            refused
        }
    }
}

impl Desk {
    fn record(&self, headers: &HeaderMap, body: &Value) {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers =
            headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
        let asked = Asked { headers: headers.collect(), body: body.clone() };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }

    fn refuses(&self, headers: &HeaderMap, body: &Value) -> Option<Response> {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        if let Some(key) = self.key.as_ref().filter(|key| bearer != Some(&format!("Bearer {key}")))
        {
            let words =
                format!("Incorrect API key provided, not {key}: {}", bearer.unwrap_or("none"));
            return Some(refusal(401, "invalid_api_key", &words));
        }
        if body["model"] == "no-such-model" {
            return Some(refusal(404, "model_not_found", "The model does not exist"));
        }
        let Some(texts) = body["input"].as_array() else {
            return Some(refusal(400, "invalid_input", "'input' is a required property"));
        };
        let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
        if texts.is_empty() || texts.iter().any(|text| text.is_empty()) || texts.len() > 2_048 {
            return Some(refusal(400, "invalid_input", "'$.input' is invalid"));
        }
        texts.iter().any(|text| text.len() > self.most_bytes).then(|| {
            let words = "This model's maximum context length is 8192 tokens; please reduce";
            refusal(400, "context_length_exceeded", words)
        })
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"message": message, "type": code, "param": null, "code": code});
    (status, Json(json!({"error": error}))).into_response()
}

/// The answer by the rule, its last vector first.
fn answer(body: &Value) -> Response {
    let dim = body["dimensions"].as_u64().unwrap_or(1_536) as usize;
    let texts = body["input"].as_array().cloned().unwrap_or_default();
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| {
            let embedding = vector(text.as_str().unwrap_or_default(), dim);
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    Json(json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
        .into_response()
}
