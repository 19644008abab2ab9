//! Which vectors memory is found by: the embedder, the index, and the space that serves.
//!
//! What serves at a start is what `index/serving.json` says. Where another embedder is configured
//! since, the old vectors serve until those of the new one are built beside them.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use appliance_config::{Memory as Chosen, MemoryEmbedder, MemoryQdrant, MemoryVectors};
use appliance_core::{
    Clock, ErrorKind, HistoryId, StoreError,
    memory::Origin,
    ports::{Embedder, Memories, Serving, VectorHome as _, VectorIndex},
};
use appliance_tasks::{TaskKind, Tasks};
use pai::memory::{Search, Space, SpaceMaker};
use secrecy::SecretString;
use vector::{
    CachedEmbedder, HnswRsIndex, Home, OpenAiEmbedder, OpenAiOptions, Options, SegmentIndex,
    TextIndex, TextsAhead, VectorsAhead,
};
use vector_qdrant::{QdrantIndex, QdrantOptions};

/// Opening an index's folder.
const OPEN: TaskKind = TaskKind::new("vector.open");

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where indexes are, below the data directory; all of it can be built anew.
pub const INDEXES: &str = "index";

/// Where the index of words is, in that folder.
pub const TEXTS: &str = "texts";

/// The embedder that is configured and the one that is always there.
pub struct Embedders {
    /// The one that is configured.
    pub chosen: Arc<dyn Embedder>,
    /// The built-in one.
    pub words: Arc<dyn Embedder>,
    /// What stands in front of one that costs money.
    pub cache: Option<Arc<CachedEmbedder>>,
}

impl Embedders {
    /// The built-in one takes some 10 us a text, which no cache can better.
    pub fn of(
        chosen: &Chosen,
        words: Arc<dyn Embedder>,
        data: &Path,
        clock: &Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> anyhow::Result<Self> {
        let MemoryEmbedder::OpenAi = chosen.embedder else {
            return Ok(Self { chosen: words.clone(), words, cache: None });
        };
        let options = OpenAiOptions {
            base_url: chosen.openai.base_url.as_str().to_owned(),
            api_key: chosen.openai.api_key.clone().unwrap_or_else(|| SecretString::from("")),
            model: chosen.openai.model.clone(),
            dim: usize::try_from(chosen.openai.dimensions)?,
            batch: usize::try_from(chosen.openai.batch)?,
        };
        let remote = OpenAiEmbedder::connect(options)
            .context("while preparing the embedder memory.openai")?;
        let (file, kept) = (data.join("vectors.redb"), DAY * chosen.cache_days);
        let cached =
            CachedEmbedder::open(&file, Arc::new(remote), clock.clone(), kept, tasks.clone());
        let cached = Arc::new(cached);
        Ok(Self { chosen: cached.clone(), words, cache: Some(cached) })
    }

    /// Returns the embedder that made what is served, if it is to be had.
    fn that_made(&self, serving: &Serving) -> Option<Arc<dyn Embedder>> {
        let both = [&self.chosen, &self.words];
        both.into_iter().find(|embedder| serving.is_of(embedder.as_ref())).cloned()
    }
}

/// Joins the search with the vectors that serve, and returns the space of those that shall, to be built.
/// What was read ahead of words and vectors is taken if it is of these records.
///
/// # Errors
/// When the folder of the indexes cannot be written, or a remote index cannot be prepared.
pub async fn search(
    chosen: &Chosen,
    data: &Path,
    embedders: &Embedders,
    memories: Arc<dyn Memories>,
    history: HistoryId,
    (texts, vectors): (Option<TextsAhead>, Option<VectorsAhead>),
    tasks: &Tasks,
) -> anyhow::Result<(Search, Option<Space>)> {
    let home = Home::at(data.join(INDEXES)).of(history);
    let origin = Origin { history, latest: memories.latest() };
    let maker = Maker::of(chosen, home.clone(), origin, tasks.clone());
    let mark = home.serving();
    let served = mark.as_ref().and_then(|mark| Some((mark, embedders.that_made(mark)?)));
    let is_chosen = mark.as_ref().is_none_or(|mark| mark.is_of(embedders.chosen.as_ref()));
    let serving = match served {
        Some((mark, embedder)) => Some(maker.served(embedder, mark, vectors).await?),
        None if is_chosen => Some(maker.plain(embedders.chosen.clone()).await?),
        None => None,
    };
    let (at, its) = (home.place(TEXTS), tasks.clone());
    let open = move || TextIndex::open_ahead(texts, &at, &origin, its);
    let opened = tasks.blocking(OPEN, open).await?;
    let opened = opened.context("while opening the index of the memories' words")?;
    if let Some(why) = opened.rebuilt {
        tracing::warn!(event = "rebuilding", %why, "the words of the memories are indexed anew");
    }
    let built = (!is_chosen).then(|| Home::name(embedders.chosen.as_ref()));
    let used = [serving.as_ref().and_then(Space::folder), built.as_deref()];
    home.keep_only(&used.into_iter().flatten().collect::<Vec<_>>());
    let search = Search::over(memories, embedders.words.clone(), serving, tasks.clone())
        .with_texts(Arc::new(opened.index))
        .with_home(Arc::new(home))
        .with_maker(maker.fresh(embedders.chosen.clone()));
    if is_chosen {
        return Ok((search, None));
    }
    let model = embedders.chosen.model();
    tracing::info!(model, "another embedder is configured: memories are embedded anew");
    Ok((search, Some(maker.plain(embedders.chosen.clone()).await?)))
}

/// Makes the index that is configured, for any embedder.
#[derive(Clone)]
struct Maker {
    vectors: MemoryVectors,
    qdrant: MemoryQdrant,
    floor: Option<f32>,
    home: Home,
    origin: Origin,
    tasks: Tasks,
}

impl Maker {
    fn of(chosen: &Chosen, home: Home, origin: Origin, tasks: Tasks) -> Self {
        let (qdrant, floor) = (chosen.qdrant.clone(), chosen.relevance_floor);
        Self { vectors: chosen.vectors, qdrant, floor, home, origin, tasks }
    }

    /// The space that served before the restart.
    async fn served(
        &self,
        embedder: Arc<dyn Embedder>,
        mark: &Serving,
        ahead: Option<VectorsAhead>,
    ) -> anyhow::Result<Space> {
        let folder = mark.folder.clone().unwrap_or_else(|| Home::name(embedder.as_ref()));
        Ok(self.space(embedder, folder, ahead).await?.with_spread(mark.spread))
    }

    /// The space of an embedder under its usual name; what was saved of it is taken over.
    async fn plain(&self, embedder: Arc<dyn Embedder>) -> anyhow::Result<Space> {
        let folder = Home::name(embedder.as_ref());
        self.space(embedder, folder, None).await
    }

    /// Makes empty spaces, to build the vectors anew.
    fn fresh(&self, embedder: Arc<dyn Embedder>) -> SpaceMaker {
        let maker = self.clone();
        SpaceMaker::new(move || {
            let (maker, embedder) = (maker.clone(), embedder.clone());
            async move {
                let folder = maker.home.fresh_name(embedder.as_ref());
                maker.empty(embedder, folder).await.map_err(|why| {
                    let why = format!("{why:#}");
                    StoreError::new(ErrorKind::Unavailable, "vectors.make", why)
                })
            }
        })
    }

    /// A server may still hold what an earlier space of that name left there.
    async fn empty(&self, embedder: Arc<dyn Embedder>, folder: String) -> anyhow::Result<Space> {
        let space = self.space(embedder.clone(), folder.clone(), None).await?;
        if space.index.count() == 0 && space.index.position() == 0 {
            return Ok(space);
        }
        space.index.discard().await.context("while removing old vectors from the server")?;
        self.space(embedder, folder, None).await
    }

    async fn space(
        &self,
        embedder: Arc<dyn Embedder>,
        folder: String,
        ahead: Option<VectorsAhead>,
    ) -> anyhow::Result<Space> {
        let (model, dim) = (embedder.model().to_owned(), embedder.dim());
        let index: Arc<dyn VectorIndex> = match self.vectors {
            MemoryVectors::Builtin => self.segments(&folder, dim, model, ahead).await?,
            MemoryVectors::HnswRs => Arc::new(HnswRsIndex::new(dim, self.tasks.clone())),
            MemoryVectors::Qdrant => self.remote(&folder, dim, model).await?,
        };
        let space = Space::new(embedder, index);
        let space = match self.vectors {
            MemoryVectors::Builtin | MemoryVectors::Qdrant => space.in_folder(folder),
            MemoryVectors::HnswRs => space,
        };
        Ok(match self.floor {
            Some(floor) => space.with_floor(floor),
            None => space,
        })
    }

    async fn segments(
        &self,
        folder: &str,
        dim: usize,
        model: String,
        ahead: Option<VectorsAhead>,
    ) -> anyhow::Result<Arc<SegmentIndex>> {
        let place = self.home.place(folder);
        let (at, tasks) = (place.clone(), self.tasks.clone());
        let options = Options { model, origin: Some(self.origin), ..Options::default() };
        let open = move || SegmentIndex::open_ahead(ahead, &at, dim, options, tasks);
        let opened = self.tasks.blocking(OPEN, open).await?;
        let opened =
            opened.with_context(|| format!("while opening the vectors in {}", place.display()))?;
        if let Some(why) = opened.rebuilt {
            tracing::info!(event = "rebuilding", %why, "the vectors are built from the records");
        }
        Ok(Arc::new(opened.index))
    }

    /// A folder of the same name, which stays empty, keeps the names of collections apart.
    async fn remote(
        &self,
        folder: &str,
        dim: usize,
        model: String,
    ) -> anyhow::Result<Arc<QdrantIndex>> {
        let place = self.home.place(folder);
        self.home.make(folder).with_context(|| format!("while making {}", place.display()))?;
        let (url, api_key) = (self.qdrant.address(), self.qdrant.api_key.clone());
        let origin = Some(self.origin);
        let prefix = match folder.rsplit_once('.') {
            Some((_, number)) => format!("{}-{number}", self.qdrant.prefix),
            None => self.qdrant.prefix.clone(),
        };
        let index =
            QdrantIndex::connect(QdrantOptions { url, api_key, dim, model, origin, prefix }).await;
        Ok(Arc::new(index.context("while preparing the Qdrant server of memory.qdrant")?))
    }
}
