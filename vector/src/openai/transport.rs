//! How a request is sent: in tries within a deadline, its answer read whole and within bounds.
//!
//! Takes the place of `async-openai`'s own transport, which knows no deadline and logs what it
//! cannot read. What the service asks for (`Retry-After`) is kept, unless it is longer than the
//! deadline: then the call fails at once and says so.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_openai::{
    error::OpenAIError, middleware::HttpRequestFactory, types::embeddings::CreateEmbeddingResponse,
};
use backon::{ExponentialBuilder, Retryable as _};
use http::{HeaderMap, header::RETRY_AFTER};
use reqwest::{Client, Response};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::{
    fault::Fault,
    settings::{OpenAiOptions, Patience},
};

/// Most bytes an answer may have: 2,048 vectors of 8,192 numbers are about 200 MB as text, the
/// usual hundred of 1,536 about 2 MB.
const ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Most bytes of an error's body that are looked at.
const ERROR_BYTES: usize = 64 * 1024;

/// Longest pause between two tries that is ours to choose.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Most tries; the deadline ends them sooner as a rule.
const TRIES: usize = 8;

/// Sends requests. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport(Arc<Inner>);

struct Inner {
    client: Client,
    host: String,
    key: SecretString,
    patience: Patience,
}

impl Transport {
    /// Sets the client up.
    pub(super) fn new(options: &OpenAiOptions, patience: Patience) -> Result<Self, Fault> {
        let url = options.endpoint()?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(Fault::NoTls); // reqwest would panic
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut builder = Client::builder()
            .connect_timeout(patience.attempt.min(Duration::from_secs(10)))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("ai-infra/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&host) {
            builder = builder.no_proxy();
        } else if url.scheme() == "http" {
            tracing::warn!(
                event = "insecure",
                host,
                "texts and key travel unencrypted; use an https memory.openai.base_url"
            );
        }
        let client = builder.build().map_err(|error| Fault::Client(error.to_string()))?;
        Ok(Self(Arc::new(Inner { client, host, key: options.api_key.clone(), patience })))
    }

    /// Returns the HTTP client, which shares its connections.
    pub(super) fn client(&self) -> Client {
        self.0.client.clone()
    }
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let inner = self.0.clone();
        Box::pin(async move {
            inner.send(request).await.map_err(|fault| OpenAIError::Boxed(Box::new(fault)))
        })
    }
}

impl Inner {
    async fn send(&self, request: HttpRequestFactory) -> Result<Response, Fault> {
        let end = Instant::now() + self.patience.whole;
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.patience.pause)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(TRIES)
            .with_jitter();
        let attempt = || self.attempt(&request, end);
        attempt
            .retry(pauses)
            .when(Fault::may_pass)
            .adjust(|fault, pause| within(pause?.max(fault.after().unwrap_or_default()), end))
            .notify(|fault, pause| {
                tracing::info!(
                    pause_ms = pause.as_millis(),
                    error = %fault,
                    "the embedder is tried again"
                );
            })
            .await
    }

    async fn attempt(&self, request: &HttpRequestFactory, end: Instant) -> Result<Response, Fault> {
        let request = request.build().await.map_err(|error| Fault::Broken(error.to_string()))?;
        let waited = self.patience.attempt.min(end.saturating_duration_since(Instant::now()));
        let answered = tokio::time::timeout(waited, self.exchange(request)).await;
        answered.unwrap_or(Err(Fault::Silent { waited }))
    }

    /// Sends once and reads the answer, so that nothing of it is waited for afterwards.
    async fn exchange(&self, request: reqwest::Request) -> Result<Response, Fault> {
        let sent = self.client.execute(request).await;
        let mut response = sent.map_err(|error| Fault::sending(&self.host, error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Fault::Redirected(status));
        }
        if !status.is_success() {
            let after = retry_after(response.headers());
            let body = self.body(&mut response, ERROR_BYTES).await.unwrap_or_default();
            return Err(Fault::status(status, &body, after, self.key.expose_secret().trim()));
        }
        let body = self.body(&mut response, ANSWER_BYTES).await?;
        if body.len() >= ANSWER_BYTES {
            return Err(Fault::TooLarge { limit: ANSWER_BYTES });
        }
        // Read here, because the crate logs all of what it cannot read.
        serde_json::from_slice::<CreateEmbeddingResponse>(&body)
            .map_err(|error| Fault::Unreadable(error.to_string()))?;
        Ok(http::Response::new(body).into())
    }

    /// Reads a body up to about `limit` bytes.
    async fn body(&self, response: &mut Response, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        while body.len() < limit {
            let piece = response.chunk().await;
            let Some(piece) = piece.map_err(|error| Fault::sending(&self.host, error))? else {
                break;
            };
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// Returns the pause if it ends before the deadline.
fn within(pause: Duration, end: Instant) -> Option<Duration> {
    (Instant::now() + pause < end).then_some(pause)
}

/// Returns how long the service wants to be left alone; its finer header wins.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms")
        .map(|millis| millis / 1_000.0)
        .or_else(|| number(RETRY_AFTER.as_str()));
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
