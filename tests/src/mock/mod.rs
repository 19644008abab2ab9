//! A stand-in for the Anthropic Messages API on the loopback, for tests that must not reach out.
//!
//! Answers `POST /v1/messages`, streamed and whole, by the rule in [`answer`], refuses what the real
//! one refuses ([`check`]), misbehaves when told to ([`Behaviour`]) and keeps what it was asked. It
//! is a test's tool: no production path knows it. That it is honest is shown by the official Python
//! package, which drives it in `tests/python/mock_is_honest.py`.

pub mod answer;
pub mod check;
pub mod embeddings;
mod loopback;
pub mod wire;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::loopback::Loopback;

/// What the mock does with one request; the queue is empty by default, which means [`Self::Answer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "behaviour", rename_all = "snake_case")]
pub enum Behaviour {
    /// Answers by the rule.
    Answer,
    /// Answers with a status and an error body before anything is streamed.
    Error {
        /// Such as 401, 429 or 529.
        status: u16,
        /// Such as `overloaded_error`.
        kind: String,
        /// Sent as `retry-after`, seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// Answers with a status and this body, a few bytes at a time.
    Says {
        /// Such as 401.
        status: u16,
        /// Sent as it is.
        body: String,
    },
    /// Takes the request and never answers.
    Hang,
    /// Streams this many events and then drops the connection in mid-chunk.
    Cut {
        /// How many.
        after_events: usize,
    },
    /// Sends its head, and this many events where it streams, and then nothing more.
    Stall {
        /// How many.
        after_events: usize,
    },
    /// Streams this many events and then an `error` event.
    ErrorEvent {
        /// How many.
        after_events: usize,
    },
    /// Answers by the rule, with this pause before each word.
    Slow {
        /// The pause.
        between_ms: u64,
    },
}

impl Behaviour {
    /// Refuses the key, as the provider does with one that was withdrawn.
    #[must_use]
    pub fn refused() -> Self {
        Self::Error { status: 401, kind: "authentication_error".to_owned(), retry_after: None }
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body; `Null` when it was not JSON.
    pub body: Value,
}

/// The running mock; it ends with this value.
#[derive(Debug)]
pub struct MockMessages {
    server: Loopback,
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    key: Option<String>,
    between_words: Duration,
    queue: Mutex<VecDeque<Behaviour>>,
    seen: Mutex<Vec<Recorded>>,
}

impl MockMessages {
    /// Starts one that takes any key and answers as fast as it can.
    ///
    /// # Errors
    /// When no port is free on the loopback.
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(None, Duration::ZERO).await
    }

    /// Starts one that takes only `key` and waits `between_words` before each word.
    ///
    /// # Errors
    /// When no port is free on the loopback.
    pub async fn with(key: Option<&str>, between_words: Duration) -> anyhow::Result<Self> {
        let desk = Arc::new(Desk {
            key: key.map(str::to_owned),
            between_words,
            queue: Mutex::default(),
            seen: Mutex::default(),
        });
        let routes = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/models/{name}", get(described))
            .route("/_mock/next", post(script));
        Ok(Self { server: Loopback::serve(routes, &desk).await?, desk })
    }

    /// Returns what to set as `ANTHROPIC_BASE_URL`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url()
    }

    /// Queues what to do with the next request that is not refused.
    pub fn then(&self, behaviour: Behaviour) {
        self.desk.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(behaviour);
    }

    /// Returns every request to `/v1/messages` so far, refused ones too.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.desk.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Desk {
    fn record(&self, headers: &HeaderMap, body: &[u8]) -> u64 {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Recorded { headers, body });
        seen.len() as u64
    }

    fn next(&self) -> Behaviour {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front().unwrap_or(Behaviour::Answer)
    }
}

async fn script(State(desk): State<Arc<Desk>>, Json(behaviour): Json<Behaviour>) -> StatusCode {
    desk.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(behaviour);
    StatusCode::NO_CONTENT
}

/// Describes any model whose name does not begin with `unknown`.
async fn described(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err((status, kind, message)) = check::authenticated(&headers, desk.key.as_deref()) {
        return refusal(status, kind, &message, None);
    }
    if name.starts_with("unknown") {
        return refusal(404, "not_found_error", &format!("model: {name}"), None);
    }
    let created_at = "2026-01-01T00:00:00Z";
    let model =
        json!({"type": "model", "id": name, "display_name": name, "created_at": created_at});
    Json(model).into_response()
}

async fn messages(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let id = desk.record(&headers, &body);
    let request = match check::request(&headers, desk.key.as_deref(), &body) {
        Ok(request) => request,
        Err((status, kind, message)) => return refusal(status, kind, &message, None),
    };
    let behaviour = desk.next();
    match &behaviour {
        Behaviour::Error { status, kind, retry_after } => {
            refusal(*status, kind, wire::reason(kind), *retry_after)
        }
        Behaviour::Says { status, body } => says(*status, body),
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Stall { .. } if request["stream"] != true => {
            let head = [(header::CONTENT_TYPE, "application/json")];
            (head, paced(Vec::new(), Duration::ZERO, End::Never)).into_response()
        }
        _ if request["stream"] == true => streamed(&desk, id, &request, &behaviour),
        _ => whole(id, &request),
    }
}

fn refusal(status: u16, kind: &str, message: &str, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(wire::error(kind, message))).into_response();
    let headers = response.headers_mut();
    headers.insert("request-id", header::HeaderValue::from_static("req_mock"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn says(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let pieces: Vec<Bytes> = body.as_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces).then(async |piece| {
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok::<_, std::io::Error>(piece)
    });
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, Body::from_stream(pieces)).into_response()
}

fn whole(id: u64, request: &Value) -> Response {
    let said = answer::to(request);
    Json(wire::message(id, &model(request), &said, input_tokens(request))).into_response()
}

fn streamed(desk: &Desk, id: u64, request: &Value, behaviour: &Behaviour) -> Response {
    let said = answer::to(request);
    let mut events = wire::events(id, &model(request), &said, input_tokens(request));
    let mut between = desk.between_words;
    let mut end = End::Whole;
    match behaviour {
        Behaviour::Slow { between_ms } => between = Duration::from_millis(*between_ms),
        Behaviour::Cut { after_events } => {
            events.truncate(*after_events);
            end = End::Cut;
        }
        Behaviour::Stall { after_events } => {
            events.truncate(*after_events);
            end = End::Never;
        }
        Behaviour::ErrorEvent { after_events } => {
            events.truncate(*after_events);
            let kind = "overloaded_error";
            events.push(("error", wire::error(kind, wire::reason(kind))));
        }
        _ => {}
    }
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, paced(events, between, end)).into_response()
}

/// How a body ends.
#[derive(Clone, Copy)]
enum End {
    Whole,
    /// With a broken connection.
    Cut,
    Never,
}

/// A body that waits `between` before each word.
fn paced(events: Vec<wire::Event>, between: Duration, end: End) -> Body {
    let words = stream::iter(events).then(move |event| async move {
        if !between.is_zero() && wire::is_words(&event) {
            tokio::time::sleep(between).await;
        }
        Ok::<_, std::io::Error>(wire::frame(&event))
    });
    let last = stream::once(async move {
        match end {
            End::Whole => Ok(String::new()),
            End::Cut => Err(std::io::Error::other("the mock was told to cut")),
            End::Never => std::future::pending().await,
        }
    });
    Body::from_stream(words.chain(last))
}

fn model(request: &Value) -> String {
    request["model"].as_str().unwrap_or_default().to_owned()
}

/// Roughly a token for four bytes of the request, which is all a test needs.
fn input_tokens(request: &Value) -> u64 {
    (request.to_string().len() / 4) as u64
}
