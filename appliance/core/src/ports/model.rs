//! The role of a language model, spoken to in the Anthropic Messages API and streamed verbatim.
//!
//! The port carries bytes, not types: content blocks, unknown fields and error bodies reach the
//! caller as the provider sent them. Does not count money; the gateway wraps it for that.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::stream::BoxStream;

use crate::{AgentName, TaskId};

/// The reply's body, piece by piece as it arrives.
pub type ByteStream = BoxStream<'static, Result<Bytes, LlmError>>;

/// One request to `POST /v1/messages`.
#[derive(Clone)]
pub struct ModelCall {
    /// The JSON body, byte for byte as the agent wrote it.
    pub body: Bytes,
    /// `anthropic-version` and `anthropic-beta`, if the caller gave them.
    pub headers: Vec<(String, String)>,
    /// Who asks.
    pub agent: Option<AgentName>,
    /// What for.
    pub task_id: Option<TaskId>,
}

impl fmt::Debug for ModelCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelCall")
            .field("bytes", &self.body.len())
            .field("agent", &self.agent)
            .field("task_id", &self.task_id)
            .finish_non_exhaustive()
    }
}

/// The provider's reply: status and headers at once, the body as it comes.
pub struct ModelReply {
    /// HTTP status; errors of the provider are replies, not [`LlmError`]s.
    pub status: u16,
    /// Headers worth passing on: content-type, request-id, retry-after, ratelimit.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: ByteStream,
}

impl fmt::Debug for ModelReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelReply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What the caller can do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlmErrorKind {
    /// Not reachable, timed out, or broken off: retry.
    Unavailable,
    /// The request is wrong: mend it.
    Invalid,
    /// The key is missing or refused: tell the operator.
    Unauthorised,
    /// Over a rate or a budget: wait.
    Limited,
}

/// A call that has no reply.
#[derive(Debug, Clone, thiserror::Error)]
#[error("model {model}: {message}")]
pub struct LlmError {
    /// What the caller can do.
    pub kind: LlmErrorKind,
    /// Which model.
    pub model: String,
    /// One sentence: what failed and what to do. Never holds a key.
    pub message: String,
    /// How long to wait, when the provider said so.
    pub retry_after: Option<Duration>,
}

/// What a check of a model has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The provider takes the key and knows the model.
    Works,
    /// Somebody answers there, who cannot be asked about keys and models.
    Reachable,
}

/// A language model. Contract: the replay tests of `agents-llm`.
#[async_trait]
pub trait Model: fmt::Debug + Send + Sync {
    /// Returns the name to ask for, such as `demo` or `claude-sonnet-5-5`.
    fn name(&self) -> &str;

    /// Sends one Messages API request and returns its reply as soon as its head is there.
    ///
    /// # Errors
    /// As [`LlmErrorKind`] tells; the body's stream may end in an error too.
    async fn messages(&self, call: ModelCall) -> Result<ModelReply, LlmError>;

    /// Asks the provider whether it would answer: for nothing that costs, and once.
    ///
    /// # Errors
    /// As [`LlmErrorKind`] tells: `Unauthorised` for the key, `Invalid` for the name.
    async fn check(&self) -> Result<Proof, LlmError>;
}
