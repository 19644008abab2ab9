//! What care and the keeper want of the indexes that the search answers from. Finds nothing.

use std::time::Duration;

use appliance_core::{
    Collection, Memory, MemoryId, SearchFilter, StoreError, UserId,
    ports::{CareError, CollectionStats, Job, MemorySearch as _, SearchError, TakenOut},
};
use appliance_phrases::utterance;
use async_trait::async_trait;
use tokio::time::timeout;

use super::search::{MAX_HITS, Search};
use crate::memory::{
    care::Indexes,
    index::{NO_HURRY, REINDEX},
};

/// Bytes of a memory that what says the same is searched with.
const MOST_COMPARED: usize = 2_000;

/// How long copies wait for what is not read in yet.
const PATIENCE: Duration = Duration::from_secs(2);

#[async_trait]
impl Indexes for Search {
    async fn collections(&self, owner: UserId) -> Result<Vec<CollectionStats>, StoreError> {
        self.level.words().await?;
        let (model, dim) = match self.level.spaces.serving() {
            Some(feeder) => (feeder.space.embedder.model().to_owned(), feeder.space.embedder.dim()),
            None => ("none yet".to_owned(), 0),
        };
        let known = self.level.follower.known();
        let shelf = known.shelves.get(&owner);
        let count = |collection| shelf.map_or(0, |shelf| shelf.count(collection));
        let stats = |collection| CollectionStats {
            collection,
            model: model.clone(),
            dim,
            memories: count(collection),
        };
        Ok(Collection::ALL.into_iter().map(stats).collect())
    }

    async fn copies(&self, memory: &Memory) -> Result<Vec<MemoryId>, SearchError> {
        // A search after a start answers by what is read in already: what is not is waited for a while.
        let _late = timeout(PATIENCE, self.level.words()).await;
        let query = &memory.text[..memory.text.floor_char_boundary(MOST_COMPARED)];
        let found = self.search(memory.owner, query, SearchFilter::default(), MAX_HITS).await;
        let hits = match found {
            Err(SearchError::Empty) => return Ok(Vec::new()),
            found => found?.hits,
        };
        let mut copies = Vec::new();
        for id in hits.iter().flat_map(|hit| hit.joined.iter().copied()) {
            copies.extend(self.level.memories.get_sound(memory.owner, id).await?);
        }
        copies.extend(hits.into_iter().map(|hit| hit.memory));
        let is_copy = |other: &Memory| {
            let (said, ours) = (&other.provenance, &memory.provenance);
            let by_the_same = said.author == ours.author && said.untrusted == ours.untrusted;
            by_the_same && utterance::states_the_same(&other.text, &memory.text)
        };
        copies.retain(|other| other.id != memory.id && is_copy(other));
        Ok(copies.into_iter().map(|other| other.id).collect())
    }

    async fn reindex(&self) -> Result<Job, CareError> {
        let Some(maker) = self.level.spaces.maker.get() else {
            let why = "nobody told the search how to make an empty index";
            return Err(StoreError::invalid("memory.reindex", why).into());
        };
        if self.progress().is_some_and(|job| !job.ended) {
            return Err(CareError::Busy(REINDEX));
        }
        self.begin_space(maker.make().await?)
    }

    fn progress(&self) -> Option<Job> {
        self.level.spaces.building().as_ref().map(|it| it.job.clone())
    }

    async fn save(&self) -> Result<(), StoreError> {
        self.keep(TakenOut::MayStay).await
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        self.level.words().await?;
        let goal = self.level.follower.position();
        if let Some(feeder) = self.level.spaces.serving() {
            // Vectors hold no text: while their embedder is away, they may wait.
            feeder.catch_up(self.level.memories.as_ref(), goal, NO_HURRY).await?;
        }
        self.keep(TakenOut::MustGo).await?;
        match self.level.follower.texts.get() {
            Some(texts) if texts.position() < goal => {
                let why = "the index of words is behind the records";
                Err(StoreError::unavailable("memory.let_go", why))
            }
            _ => Ok(()),
        }
    }
}

impl Search {
    /// Writes what waits to disk, words first.
    async fn keep(&self, taken_out: TakenOut) -> Result<(), StoreError> {
        if let Some(texts) = self.level.follower.texts.get() {
            texts.flush(taken_out).await?;
        }
        self.level.spaces.save().await
    }
}
