//! The demo model: a deterministic stand-in that needs no key and no network.
//!
//! Speaks the Messages API, streamed or not, well enough that an agent cannot tell it from a real
//! model. It can be made to call the tool `route` (`routing.rs`), answers questions from the
//! document blocks of the request with citations (`evidence.rs`), takes note of statements, and
//! counts to a thousand when asked to (`count to N`, a long answer for testing streams). Every
//! answer begins with "Demo model" and, if the system prompt has a heading, the role it speaks in.
//! Does not understand, does not remember by itself and calls no other tool.
//!
//! Documents are read in this form; others are counted, so that indexes agree, but not read:
//! `{"type": "document", "title": "...", "source": {"type": "text", "data": "..."}}`.
//!
//! Invariant: the same request gives the same bytes; pace changes only when they come.

mod answer;
mod evidence;
mod pace;
mod reply;
mod request;
mod routing;
mod wording;

use std::sync::Arc;

use appliance_core::ports::{
    ByteStream, Embedder, LlmError, LlmErrorKind, Model, ModelCall, ModelReply, Proof,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use reply::Reply;
use request::{BadRequest, Request};

/// The name to ask for.
pub const NAME: &str = "demo";

/// Settings of a [`DemoModel`].
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// How fast a streamed answer comes; `None` sends it at once.
    pub words_per_second: Option<u32>,
    /// Compares messages with workers and with documents.
    pub embedder: Arc<dyn Embedder>,
}

/// A [`Model`] that answers by itself, offline.
#[derive(Debug)]
pub struct DemoModel {
    options: DemoOptions,
}

impl DemoModel {
    /// Makes the model; cheap.
    #[must_use]
    pub fn new(options: DemoOptions) -> Self {
        Self { options }
    }

    async fn compose(&self, request: &Request) -> Result<Reply, Refusal> {
        let embedder = self.options.embedder.as_ref();
        match request.forced_tool()? {
            Some(tool) => Ok(routing::reply(request, tool, embedder).await?),
            None => Ok(answer::reply(request, embedder).await?),
        }
    }
}

#[async_trait]
impl Model for DemoModel {
    fn name(&self) -> &str {
        NAME
    }

    async fn messages(&self, call: ModelCall) -> Result<ModelReply, LlmError> {
        let outcome = match Request::parse(&call.body) {
            Ok(request) => self.compose(&request).await.map(|reply| (request.stream, reply)),
            Err(bad) => Err(Refusal::Bad(bad)),
        };
        match outcome {
            Ok((true, reply)) => Ok(streamed(&reply, self.options.words_per_second)),
            Ok((false, reply)) => Ok(whole(200, reply.to_json().to_string())),
            Err(Refusal::Bad(bad)) => Ok(whole(400, bad.to_json().to_string())),
            Err(Refusal::Embedder(why)) => Err(LlmError {
                kind: LlmErrorKind::Unavailable,
                model: NAME.to_owned(),
                message: format!("while comparing texts: {why}; try again"),
                retry_after: None,
            }),
        }
    }

    /// Works wherever this program does.
    async fn check(&self) -> Result<Proof, LlmError> {
        Ok(Proof::Works)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Bad(#[from] BadRequest),
    #[error(transparent)]
    Embedder(#[from] appliance_core::ports::EmbedError),
}

fn streamed(reply: &Reply, words_per_second: Option<u32>) -> ModelReply {
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    ModelReply { status: 200, headers, body: pace::stream(reply.to_events(), words_per_second) }
}

fn whole(status: u16, json: String) -> ModelReply {
    let body: ByteStream = stream::iter([Ok(Bytes::from(json))]).boxed();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ModelReply { status, headers, body }
}
