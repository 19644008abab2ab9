//! The search itself: checks the question, asks both indexes, fuses, reads the texts and cuts.

use std::sync::Arc;

use appliance_core::{
    Embedding, MemoryHit, SearchFilter, UserId,
    ports::{Embedder, Memories, MemorySearch, SearchError, TextIndex, VectorIndex},
};
use async_trait::async_trait;

use super::{
    follow::Follower,
    fuse::{self, Asked, Found},
    rank::{self, Group},
    vocabulary::telling,
    weights::Weights,
};

/// Most bytes a question may have.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// Most hits one search gives.
const MAX_HITS: usize = 100;

/// Most words of a question that are compared one by one.
const MAX_WORDS: usize = 32;

/// Answers [`MemorySearch`] from the records, an embedder and two indexes.
#[derive(Debug)]
pub struct Search {
    memories: Arc<dyn Memories>,
    embedder: Arc<dyn Embedder>,
    index: Arc<dyn VectorIndex>,
    follower: Follower,
    weights: Weights,
}

impl Search {
    /// Joins the three; `index` must be empty and have the embedder's dimension. Finds by meaning
    /// alone until [`with_texts`](Self::with_texts).
    #[must_use]
    pub fn new(
        memories: Arc<dyn Memories>,
        embedder: Arc<dyn Embedder>,
        index: Arc<dyn VectorIndex>,
    ) -> Self {
        let follower = Follower::new(memories.clone(), embedder.clone(), index.clone());
        Self { memories, embedder, index, follower, weights: Weights::default() }
    }

    /// Finds by words too.
    #[must_use]
    pub fn with_texts(mut self, texts: Arc<dyn TextIndex>) -> Self {
        self.follower.texts = Some(texts);
        self
    }

    /// Weighs otherwise than by default.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.follower.learns_words = weights.alike > 0.0;
        self.weights = weights;
        self
    }

    /// Fills the indexes, so that the first search after a start does not have to.
    ///
    /// # Errors
    /// As [`search`](MemorySearch::search); a later search tries again.
    pub async fn warm_up(&self) -> Result<(), SearchError> {
        self.follower.catch_up().await
    }

    /// Takes the question apart; `None` for one that is near to nothing, such as a lone emoji.
    async fn ask(&self, query: &str) -> Result<Option<(Embedding, Asked)>, SearchError> {
        let mut words = telling(query);
        words.truncate(if self.follower.learns_words { MAX_WORDS } else { 0 });
        let mut texts = vec![query];
        texts.extend(words.iter().map(String::as_str));
        let mut vectors = self.embedder.embed(&texts).await?.into_iter();
        let Some(whole) = vectors.next().flatten() else { return Ok(None) };
        Ok(Some((whole, Asked::new(query, words, vectors))))
    }

    async fn find(
        &self,
        owner: UserId,
        query: &str,
        whole: &Embedding,
        filter: &SearchFilter,
        pool: usize,
    ) -> Result<Found, SearchError> {
        let near = self.index.search(owner, whole, filter, pool).await?;
        let texts = match &self.follower.texts {
            Some(texts) => texts.search(owner, query, filter, pool).await?,
            None => Vec::new(),
        };
        Ok(Found { near, texts })
    }

    /// Ranks what was found, without reading a text.
    fn ordered(
        &self,
        owner: UserId,
        asked: &Asked,
        found: &Found,
        filter: &SearchFilter,
    ) -> Vec<Group> {
        let known = self.follower.known();
        let Some(shelf) = known.shelves.get(&owner) else { return Vec::new() };
        let order = fuse::fuse(shelf, &known.vocabulary, asked, found, filter, &self.weights);
        rank::joined(shelf, order)
    }

    async fn read(
        &self,
        owner: UserId,
        groups: Vec<Group>,
        limit: usize,
    ) -> Result<Vec<MemoryHit>, SearchError> {
        let mut hits = Vec::with_capacity(limit.min(groups.len()));
        for group in groups {
            if hits.len() == limit {
                break;
            }
            let memory = self.memories.get(owner, group.id).await?;
            hits.extend(memory.map(|memory| group.hit(memory)));
        }
        Ok(hits)
    }
}

#[async_trait]
impl MemorySearch for Search {
    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: SearchFilter,
        limit: usize,
    ) -> Result<Vec<MemoryHit>, SearchError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(SearchError::TooLong { got: query.len(), limit: MAX_QUERY_BYTES });
        }
        if query.trim().is_empty() {
            return Err(SearchError::Empty);
        }
        let Some((whole, asked)) = self.ask(query).await? else { return Ok(Vec::new()) };
        self.follower.catch_up().await?;
        let limit = limit.clamp(1, MAX_HITS);
        let pool = self.weights.pool.max(limit * 2);
        let found = self.find(owner, query, &whole, &filter, pool).await?;
        let groups = self.ordered(owner, &asked, &found, &filter);
        self.read(owner, groups, limit).await
    }
}
