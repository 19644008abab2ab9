//! Keeps one space level with the records: embeds what is new, gives what changed its new facets,
//! takes out what is archived or gone.
//!
//! Page by page, one reader at a time. Invariant: `position` moves only after a page is in the index,
//! so a failure, or a caller that goes away, costs a repeat and never a gap. It never goes beyond
//! what the shelf has, so a vector whose memory is not on the shelf is one that should not be there.
//!
//! A change log keeps the last change of a memory alone: who has read up to a place has not met what
//! was said before it and stands anew after it. Only where nothing was left to read are all texts up
//! to there known to be in the index; that is `level`, and what a later life goes on from.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Embedding, Facets, Memory, MemoryId, StoreError, UserId,
    memory::Spread,
    ports::{Change, Changed, EmbedError, IndexEntry, Memories, SearchError, Serving},
};
use appliance_phrases::utterance;
use tokio::time::timeout;

use super::{
    outage::Outage,
    row::text_of,
    sample::{self, Sample},
    space::Space,
};

/// Memories read and embedded at a time: one request to a remote embedder, a few milliseconds of work
/// here.
const PAGE: usize = 100;

/// Why a space is not level.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Behind {
    /// The records cannot be read: no search has an answer.
    #[error(transparent)]
    Records(StoreError),
    /// The embedder is away.
    #[error(transparent)]
    Embedder(#[from] EmbedError),
    /// The index is away.
    #[error(transparent)]
    Index(StoreError),
}

impl From<Behind> for SearchError {
    fn from(behind: Behind) -> Self {
        match behind {
            Behind::Records(why) | Behind::Index(why) => why.into(),
            Behind::Embedder(why) => why.into(),
        }
    }
}

/// A space and how far it has followed.
#[derive(Debug)]
pub(crate) struct Feeder {
    pub space: Space,
    /// Of embedding and putting in what changed.
    pub feeding: Outage,
    /// Of embedding questions and searching.
    pub asking: Outage,
    /// Up to here the index was fed in an earlier life.
    start: u64,
    position: AtomicU64,
    /// Every text that was new up to here is in the index, whatever happened to its memory since.
    level: AtomicU64,
    turn: tokio::sync::Mutex<()>,
    /// The text that the vector of each memory was made of.
    texts: Mutex<HashMap<MemoryId, u64>>,
    sample: Mutex<Sample>,
}

/// What a page means for the vectors.
#[derive(Debug, Default)]
struct Work<'a> {
    embed: Vec<&'a Memory>,
    retag: Vec<(MemoryId, Facets)>,
    gone: HashMap<UserId, Vec<MemoryId>>,
}

impl Feeder {
    /// Goes on from where an index that serves was saved; from the beginning when it is ahead of the
    /// records, which then are a restored backup.
    pub(crate) fn new(space: Space, latest: u64) -> Self {
        let begun = Self::begun(space, latest);
        Self { level: begun.start.into(), ..begun }
    }

    /// Goes on from where an index was saved that was still being built.
    pub(crate) fn begun(space: Space, latest: u64) -> Self {
        let start = Some(space.index.position()).filter(|at| *at <= latest).unwrap_or_default();
        let sample = Mutex::new(Sample::of(space.spread));
        let (position, level, texts) = (start.into(), AtomicU64::new(0), Mutex::default());
        Self {
            level,
            space,
            feeding: Outage::default(),
            asking: Outage::default(),
            start,
            position,
            turn: Default::default(),
            texts,
            sample,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Tells of a memory that the records have; what an earlier life put in is not put in again.
    pub(crate) fn heard_of(&self, position: u64, memory: &Memory) {
        if position <= self.start {
            self.texts().entry(memory.id).or_insert_with(|| text_of(memory));
        }
    }

    /// Returns once everything up to `goal` is in the index.
    pub(crate) async fn bring_level(
        &self,
        memories: &dyn Memories,
        goal: u64,
    ) -> Result<(), Behind> {
        while self.page(memories, goal).await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Brings it level within `patience`; tells whether it is. What is away is left alone for a while
    /// and is no error, as long as the records can be read.
    pub(crate) async fn catch_up(
        &self,
        memories: &dyn Memories,
        goal: u64,
        patience: Duration,
    ) -> Result<bool, StoreError> {
        if self.position() >= goal {
            return Ok(true);
        }
        if self.feeding.pause().is_some() {
            return Ok(false);
        }
        let why = match timeout(patience, self.bring_level(memories, goal)).await {
            Ok(Ok(())) => {
                self.feeding.works();
                return Ok(true);
            }
            Ok(Err(Behind::Records(why))) => return Err(why),
            Ok(Err(why)) => why.to_string(),
            Err(_) => format!("more is new than can be embedded in {patience:?}"),
        };
        self.feeding.failed("the newest vectors", &why);
        Ok(false)
    }

    /// Takes one page in; tells whether there was one.
    pub(crate) async fn page(&self, memories: &dyn Memories, goal: u64) -> Result<bool, Behind> {
        if self.position() >= goal {
            return Ok(false);
        }
        let _turn = self.turn.lock().await;
        let after = self.position();
        if after >= goal {
            return Ok(false);
        }
        // One more than is taken in tells whether anything is left.
        let mut page = memories.since(after, PAGE + 1).await.map_err(Behind::Records)?;
        let is_all = page.len() <= PAGE;
        page.truncate(PAGE);
        let later = page.split_off(page.partition_point(|change| change.position <= goal));
        let last = page.last().map_or(goal, |change| change.position); // the rest moved on
        self.take_in(&page).await?;
        self.position.store(last, Ordering::Release);
        if is_all {
            let new = later.iter().map(|change| change.text_at).filter(|at| *at > self.level());
            let level = new.min().map_or(last, |first| last.min(first - 1));
            self.level.fetch_max(level, Ordering::AcqRel);
        }
        Ok(true)
    }

    /// Keeps what the index has across a restart, which trusts it up to where it was level.
    pub(crate) async fn save(&self) -> Result<(), StoreError> {
        self.space.index.save(self.level()).await
    }

    /// Keeps what an index that is being built has, for the task that goes on building it.
    pub(crate) async fn save_progress(&self) -> Result<(), StoreError> {
        self.space.index.save(self.position()).await
    }

    fn level(&self) -> u64 {
        self.level.load(Ordering::Acquire)
    }

    /// Takes vectors out that have no memory, such as those of a life before a backup was restored.
    /// `stays` is asked when nobody feeds.
    pub(crate) async fn sweep(
        &self,
        owner: UserId,
        ids: &[MemoryId],
        stays: impl Fn(MemoryId) -> bool,
    ) -> Result<(), StoreError> {
        let Ok(_turn) = self.turn.try_lock() else { return Ok(()) };
        let ids: Vec<MemoryId> = ids.iter().copied().filter(|id| !stays(*id)).collect();
        self.space.index.delete(owner, &ids).await?;
        Ok(())
    }

    /// Learns from a question how alike unrelated texts are.
    pub(crate) fn asked(&self, question: &Embedding) {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner).ask(question);
    }

    /// Returns what there is to note of it.
    pub(crate) fn serving(&self) -> Serving {
        let Space { embedder, folder, .. } = &self.space;
        Serving {
            model: embedder.model().to_owned(),
            dim: embedder.dim(),
            folder: folder.clone(),
            spread: self.spread(),
        }
    }

    /// Returns what is known of the likeness of unrelated texts.
    fn spread(&self) -> Spread {
        self.sample.lock().unwrap_or_else(PoisonError::into_inner).spread
    }

    /// Returns the cosine at which relevance begins among these vectors, once enough is known.
    pub(crate) fn floor(&self) -> Option<f32> {
        sample::floor(&self.spread())
    }

    /// Returns how many memories it has looked at.
    pub(crate) fn count(&self) -> usize {
        self.texts().len()
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<MemoryId, u64>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take_in(&self, page: &[Change]) -> Result<(), Behind> {
        let work = self.sort(page);
        let index = &self.space.index;
        for (owner, ids) in &work.gone {
            index.delete(*owner, ids).await.map_err(Behind::Index)?;
        }
        if !work.retag.is_empty() {
            index.retag(work.retag).await.map_err(Behind::Index)?;
        }
        if !work.embed.is_empty() {
            self.put(&work.embed).await?;
        }
        let mut texts = self.texts();
        texts.extend(work.embed.iter().map(|memory| (memory.id, text_of(memory))));
        for id in work.gone.values().flatten() {
            texts.remove(id);
        }
        Ok(())
    }

    fn sort<'a>(&self, page: &'a [Change]) -> Work<'a> {
        let (texts, level) = (self.texts(), self.level());
        // Whoever begins again meets its own texts.
        let has = |change: &Change, memory: &Memory| {
            change.text_at <= level || texts.get(&memory.id) == Some(&text_of(memory))
        };
        let mut work = Work::default();
        for change in page {
            match &change.now {
                Changed::Live(memory) if has(change, memory) => {
                    work.retag.push((memory.id, memory.facets()));
                }
                Changed::Live(memory) => work.embed.push(memory),
                Changed::Archived | Changed::Gone | Changed::Damaged { .. } => {
                    work.gone.entry(change.owner).or_default().push(change.id);
                }
            }
        }
        work
    }

    async fn put(&self, memories: &[&Memory]) -> Result<(), Behind> {
        let index = &self.space.index;
        let entries = self.embed(memories).await?;
        if entries.len() < memories.len() {
            // A blank text has no vector, and must not keep that of the text it replaces.
            let has = |memory: &Memory| entries.iter().any(|entry| entry.id == memory.id);
            for memory in memories.iter().filter(|memory| !has(memory)) {
                index.delete(memory.owner, &[memory.id]).await.map_err(Behind::Index)?;
            }
        }
        index.upsert(entries).await.map_err(Behind::Index)
    }

    async fn embed(&self, memories: &[&Memory]) -> Result<Vec<IndexEntry>, Behind> {
        // "please remember that ..." says nothing about the fact: only the fact is compared.
        let texts: Vec<&str> =
            memories.iter().map(|memory| utterance::statement(&memory.text)).collect();
        let vectors = self.space.embedder.embed_kept(&texts).await?;
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |(memory, embedding): (&&Memory, Option<_>)| {
            let entry =
                IndexEntry { id: memory.id, facets: memory.facets(), embedding: embedding? };
            sample.meet(&entry.embedding);
            Some(entry)
        };
        Ok(memories.iter().zip(vectors).filter_map(entry).collect())
    }
}
