//! The Anthropic Messages API, bytes in and bytes out.
//!
//! Sends the caller's body verbatim to `{base_url}/v1/messages` and hands the reply back as it
//! comes: status, the headers worth having, the body unparsed. A failed call is tried again only
//! while nothing of its reply has been handed on (`retry.rs`). Does not follow redirects (the key
//! stays where it was sent), does not parse events, does not meter.
//!
//! Invariant: the key is in one header value marked sensitive, and in no error, log or `Debug`.

mod body;
mod check;
mod fault;
mod headers;
mod options;
mod retry;

use appliance_core::ports::{LlmError, Model, ModelCall, ModelReply, Proof};
use async_trait::async_trait;
use http::header::HeaderValue;
use reqwest::{Client, Response, Url};

use fault::Fault;
pub use options::AnthropicOptions;
use retry::Verdict;

/// A [`Model`] that is reached over HTTP. Cheap to share; connections are kept and reused.
pub struct AnthropicModel {
    client: Client,
    endpoint: Url,
    key: HeaderValue,
    options: AnthropicOptions,
}

impl std::fmt::Debug for AnthropicModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnthropicModel").field("options", &self.options).finish_non_exhaustive()
    }
}

impl AnthropicModel {
    /// Prepares the client; the first connection is made by the first call.
    ///
    /// # Errors
    /// `Invalid` for a base URL or a TLS set-up that cannot work, `Unauthorised` for a key that
    /// cannot be one.
    pub fn connect(options: AnthropicOptions) -> Result<Self, LlmError> {
        let at = |fault: Fault| fault.at(&options.model);
        let endpoint = options.endpoint().map_err(at)?;
        let key = options.key().map_err(at)?;
        let client = options.client(&endpoint).map_err(at)?;
        Ok(Self { client, endpoint, key, options })
    }

    /// Sends once and returns the reply's head, whatever its status.
    async fn send(&self, call: &ModelCall) -> Result<Response, Fault> {
        let request = self
            .client
            .post(self.endpoint.clone())
            .headers(headers::request(call, &self.key))
            .body(call.body.clone());
        let limit = self.options.connect_timeout + self.options.first_byte_timeout;
        match tokio::time::timeout(limit, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Fault::sending(&self.endpoint, error)),
            Err(_) => Err(Fault::Silent { waited: limit }),
        }
    }

    async fn reply(&self, response: Response) -> Result<(ModelReply, Verdict), Fault> {
        let status = response.status();
        if status.is_redirection() {
            return Err(Fault::Redirected(status.as_u16()));
        }
        let hint = retry::Hint::of(status, response.headers());
        let headers = headers::reply(response.headers(), hint.after());
        let stream = body::stream(response, self.options.idle_timeout, self.options.model.clone());
        if !hint.worth_another_try() {
            return Ok((
                ModelReply { status: status.as_u16(), headers, body: stream },
                Verdict::Done,
            ));
        }
        let (start, body) = body::peek(stream).await;
        let verdict = hint.verdict(&start);
        Ok((ModelReply { status: status.as_u16(), headers, body }, verdict))
    }

    async fn attempt(&self, call: &ModelCall) -> Result<(ModelReply, Verdict), Fault> {
        let response = self.send(call).await?;
        self.reply(response).await
    }
}

#[async_trait]
impl Model for AnthropicModel {
    fn name(&self) -> &str {
        &self.options.model
    }

    async fn messages(&self, call: ModelCall) -> Result<ModelReply, LlmError> {
        let mut tries = retry::Tries::new(self.options.retry_pause);
        let began = tokio::time::Instant::now();
        loop {
            let pause = match self.attempt(&call).await {
                Ok((reply, Verdict::Done)) => return Ok(reply),
                Ok((reply, verdict)) => match tries.next(verdict, began.elapsed()) {
                    Some(pause) => pause,
                    None => return Ok(reply),
                },
                Err(fault) => match tries.next(fault.verdict(), began.elapsed()) {
                    Some(pause) => pause,
                    None => return Err(fault.at(&self.options.model)),
                },
            };
            tracing::info!(pause_ms = pause.as_millis(), "the model is tried again");
            tokio::time::sleep(pause).await;
        }
    }

    async fn check(&self) -> Result<Proof, LlmError> {
        let name = &self.options.model;
        let asked = check::ask(&self.client, &self.endpoint, &self.key, name).await;
        asked.map_err(|fault| fault.at(name))
    }
}
