//! [`OpenAiEmbedder`]: vectors from OpenAI's embeddings API, or from anything that speaks it.
//!
//! The client is the crate `async-openai` over a transport of our own (`transport.rs`), which is
//! where a call is tried again, bounded and read. Texts go in batches, results are placed by their
//! `index`. Where texts are cut is [`limits`]. Caches nothing: that is
//! [`CachedEmbedder`](crate::CachedEmbedder).
//!
//! Invariant: the key is in one header value marked sensitive, and in no error, log or `Debug`; of
//! what the service says, only its error's message goes further, shortened and with the key taken
//! out.

mod fault;
mod limits;
mod place;
mod settings;
mod transport;

use appliance_core::{
    Embedding,
    ports::{EmbedError, Embedder},
};
use async_openai::{
    Client,
    error::OpenAIError,
    types::embeddings::{CreateEmbeddingRequest, EmbeddingInput},
};
use async_trait::async_trait;

use fault::Fault;
use settings::Service;
pub use settings::{OpenAiOptions, Patience};
use transport::Transport;

/// An [`Embedder`] that is reached over HTTP. Cheap to share; connections are kept and reused.
pub struct OpenAiEmbedder {
    client: Client<Service>,
    options: OpenAiOptions,
}

impl std::fmt::Debug for OpenAiEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenAiEmbedder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl OpenAiEmbedder {
    /// Prepares the client with the usual patience; the first call makes the first connection.
    ///
    /// # Errors
    /// [`EmbedError::Refused`] for an address, a key or a TLS set-up that cannot work.
    pub fn connect(options: OpenAiOptions) -> Result<Self, EmbedError> {
        Self::patiently(options, Patience::default())
    }

    /// Prepares the client with another patience.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn patiently(options: OpenAiOptions, patience: Patience) -> Result<Self, EmbedError> {
        let transport = Transport::new(&options, patience).map_err(|f| f.at(&options.model))?;
        let service = Service::of(&options).map_err(|fault| fault.at(&options.model))?;
        // The plain client is never used for a call, but the crate makes one if it is not given.
        let client = Client::build(transport.client(), service).with_http_service(transport);
        Ok(Self { client, options })
    }

    /// Embeds one batch; where the service finds a text too long, all of them are cut further.
    async fn batch(&self, texts: &[&str]) -> Result<Vec<Embedding>, Fault> {
        let mut cuts = limits::cuts(texts);
        loop {
            let cut = cuts.next();
            let inputs: Vec<String> =
                texts.iter().map(|text| limits::cut(text, cut.now).to_owned()).collect();
            match self.ask(inputs).await {
                Err(fault) if cut.may_go_on && fault.is_about_length() => tracing::info!(
                    model = self.options.model,
                    bytes = cut.now,
                    "the embedder finds a text too long; it is cut further"
                ),
                answered => return answered,
            }
        }
    }

    async fn ask(&self, inputs: Vec<String>) -> Result<Vec<Embedding>, Fault> {
        let count = inputs.len();
        let request = CreateEmbeddingRequest {
            model: self.options.model.clone(),
            input: EmbeddingInput::StringArray(inputs),
            dimensions: self.options.asked_dimensions(),
            ..CreateEmbeddingRequest::default()
        };
        let answer = self.client.embeddings().create(request).await.map_err(unwrap)?;
        place::by_index(answer.data, count, self.options.dim)
    }
}

/// Takes our own fault out of the crate's error, where the transport has put it.
fn unwrap(error: OpenAIError) -> Fault {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(other) => Fault::Broken(other.to_string()),
        },
        // Its text holds the whole answer; the transport has read it before, so this is our bug.
        OpenAIError::JSONDeserialize(error, _) => Fault::Unreadable(error.to_string()),
        other => Fault::Broken(other.to_string()),
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn model(&self) -> &str {
        &self.options.model
    }

    fn dim(&self) -> usize {
        self.options.dim
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        let mut answers: Vec<Option<Embedding>> = vec![None; texts.len()];
        let telling: Vec<usize> =
            (0..texts.len()).filter(|at| !texts[*at].trim().is_empty()).collect();
        for places in limits::batches(&telling, texts, self.options.batch) {
            let batch: Vec<&str> = places.iter().map(|at| texts[*at]).collect();
            let vectors = self.batch(&batch).await.map_err(|fault| fault.at(self.model()))?;
            for (at, vector) in places.iter().zip(vectors) {
                answers[*at] = Some(vector);
            }
        }
        Ok(answers)
    }
}
