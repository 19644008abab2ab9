//! A space: the vectors of one model, in one index. Vectors of different models never meet.
//!
//! One space serves; while another is built beside it, the first goes on serving. Feeds nothing:
//! that is [`Feeder`](super::feed::Feeder).

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use appliance_core::{
    StoreError,
    memory::Spread,
    ports::{Embedder, VectorIndex},
};

/// An embedder and the index of its vectors.
#[derive(Debug, Clone)]
pub struct Space {
    /// Turns texts and questions into vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Keeps them; of the embedder's dimension.
    pub index: Arc<dyn VectorIndex>,
    pub(crate) folder: Option<String>,
    pub(crate) floor: Option<f32>,
    pub(crate) spread: Spread,
}

impl Space {
    /// Joins the two.
    #[must_use]
    pub fn new(embedder: Arc<dyn Embedder>, index: Arc<dyn VectorIndex>) -> Self {
        Self { embedder, index, folder: None, floor: None, spread: Spread::default() }
    }

    /// Names the folder, beside the mark of what serves, that the index keeps itself in.
    #[must_use]
    pub fn in_folder(mut self, name: impl Into<String>) -> Self {
        self.folder = Some(name.into());
        self
    }

    /// Returns the folder it was given.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }

    /// Sets the nearness under which a memory has nothing to do with a question, rather than
    /// having it calibrated.
    #[must_use]
    pub fn with_floor(mut self, floor: f32) -> Self {
        self.floor = Some(floor);
        self
    }

    /// Goes on with what an earlier life of the space measured.
    #[must_use]
    pub const fn with_spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }
}

/// Makes an empty space for the model that is configured, in a folder of its own.
#[derive(Clone)]
pub struct SpaceMaker(Arc<dyn Fn() -> Making + Send + Sync>);

/// A space on its way.
type Making = Pin<Box<dyn Future<Output = Result<Space, StoreError>> + Send>>;

impl SpaceMaker {
    /// Wraps whoever knows which embedder and index are configured.
    #[must_use]
    pub fn new<F>(make: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Space, StoreError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(make())))
    }

    pub(crate) async fn make(&self) -> Result<Space, StoreError> {
        (self.0)().await
    }
}

impl fmt::Debug for SpaceMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpaceMaker")
    }
}
