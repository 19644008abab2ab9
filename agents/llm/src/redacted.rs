//! A model whose replies and errors carry no known secret: a provider may repeat the key it was sent.
//!
//! Stands around any other model. What holds no secret passes byte for byte, piece by piece.

use std::sync::Arc;

use appliance_core::ports::{LlmError, Model, ModelCall, ModelReply, Proof};
use appliance_redact::Redactor;
use async_trait::async_trait;
use futures_util::StreamExt as _;

/// A [`Model`] behind a [`Redactor`].
#[derive(Debug)]
pub struct RedactedModel {
    model: Arc<dyn Model>,
    redactor: Redactor,
}

impl RedactedModel {
    /// Puts the redactor between `model` and whoever asks it.
    pub fn new(model: Arc<dyn Model>, redactor: Redactor) -> Self {
        Self { model, redactor }
    }
}

#[async_trait]
impl Model for RedactedModel {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn messages(&self, call: ModelCall) -> Result<ModelReply, LlmError> {
        let redactor = self.redactor.clone();
        let reply = self.model.messages(call).await.map_err(|error| clean(&redactor, error))?;
        let headers = reply.headers.into_iter();
        let headers = headers.map(|(name, value)| (name, redactor.text(&value).into_owned()));
        let headers = headers.collect();
        let body = redactor.stream(reply.body);
        let body = body.map(move |piece| piece.map_err(|error| clean(&redactor, error))).boxed();
        Ok(ModelReply { status: reply.status, headers, body })
    }

    async fn check(&self) -> Result<Proof, LlmError> {
        self.model.check().await.map_err(|error| clean(&self.redactor, error))
    }
}

fn clean(redactor: &Redactor, error: LlmError) -> LlmError {
    LlmError { message: redactor.text(&error.message).into_owned(), ..error }
}
