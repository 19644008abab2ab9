//! Embedders of the recall tests: one that counts and can be away, under any model's name, and one that
//! has something done in the middle of a search.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use appliance_core::{
    Embedding,
    ports::{EmbedError, Embedder},
};
use async_trait::async_trait;
use vector::StaticEmbedder;

/// The built-in embedder under a name of one's choice, counted, and away when told to be.
#[derive(Debug)]
pub struct WatchedEmbedder {
    model: &'static str,
    inner: StaticEmbedder,
    /// Texts embedded to be kept.
    pub kept: AtomicUsize,
    /// Whether it cannot be reached.
    pub away: AtomicBool,
}

impl WatchedEmbedder {
    pub fn new(model: &'static str) -> Self {
        let inner = StaticEmbedder::load().unwrap();
        Self { model, inner, kept: AtomicUsize::new(0), away: AtomicBool::new(false) }
    }

    pub fn kept(&self) -> usize {
        self.kept.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Embedder for WatchedEmbedder {
    fn model(&self) -> &str {
        self.model
    }

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        if self.away.load(Ordering::SeqCst) {
            let (model, why) = (self.model.to_owned(), "no answer".to_owned());
            return Err(EmbedError::Unavailable { model, why });
        }
        self.inner.embed(texts).await
    }

    async fn embed_kept(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        let vectors = self.embed(texts).await?;
        self.kept.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(vectors)
    }
}

/// The built-in embedder, which does something before it next answers.
pub struct Meanwhile {
    inner: StaticEmbedder,
    deed: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

impl Meanwhile {
    pub fn new() -> Self {
        Self { inner: StaticEmbedder::load().unwrap(), deed: Mutex::default() }
    }

    pub fn once(&self, deed: impl Future<Output = ()> + Send + 'static) {
        *self.deed.lock().unwrap() = Some(Box::pin(deed));
    }

    pub fn is_done(&self) -> bool {
        self.deed.lock().unwrap().is_none()
    }
}

impl fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meanwhile").finish_non_exhaustive()
    }
}

#[async_trait]
impl Embedder for Meanwhile {
    fn model(&self) -> &str {
        self.inner.model()
    }

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        let deed = self.deed.lock().unwrap().take();
        if let Some(deed) = deed {
            deed.await;
        }
        self.inner.embed(texts).await
    }
}
