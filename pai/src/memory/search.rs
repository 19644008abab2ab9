//! The search itself: checks the question, asks the index, reads the texts, ranks and cuts.

use std::sync::Arc;

use appliance_core::{
    Memory, MemoryHit, MemoryId, SearchFilter, UserId,
    ports::{Embedder, Memories, MemorySearch, SearchError, VectorIndex},
};
use async_trait::async_trait;

use super::{follow::Follower, rank};

/// Most bytes a question may have.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// Most hits one search gives.
const MAX_HITS: usize = 100;

/// How many candidates are read beyond the hits wanted, so that repeats and questions that are
/// ranked down or collapsed do not crowd the facts out.
const MARGIN: usize = 256;

/// Answers [`MemorySearch`] from the records, an embedder and an index.
#[derive(Debug)]
pub struct Search {
    memories: Arc<dyn Memories>,
    embedder: Arc<dyn Embedder>,
    index: Arc<dyn VectorIndex>,
    follower: Follower,
}

impl Search {
    /// Joins the three; `index` must be empty and have the embedder's dimension.
    #[must_use]
    pub fn new(
        memories: Arc<dyn Memories>,
        embedder: Arc<dyn Embedder>,
        index: Arc<dyn VectorIndex>,
    ) -> Self {
        let follower = Follower::new(memories.clone(), embedder.clone(), index.clone());
        Self { memories, embedder, index, follower }
    }

    /// Fills the index, so that the first search after a start does not have to.
    ///
    /// # Errors
    /// As [`search`](MemorySearch::search); a later search tries again.
    pub async fn warm_up(&self) -> Result<(), SearchError> {
        self.follower.catch_up().await
    }

    async fn read(
        &self,
        owner: UserId,
        near: &[(MemoryId, f32)],
    ) -> Result<Vec<(Memory, f32)>, SearchError> {
        let mut read = Vec::with_capacity(near.len());
        for &(id, cosine) in near {
            let memory = self.memories.get(owner, id).await?;
            read.extend(memory.map(|memory| (memory, cosine)));
        }
        Ok(read)
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
        let Some(asked) = self.embedder.embed(&[query]).await?.pop().flatten() else {
            return Ok(Vec::new()); // such as a lone emoji: it is near to nothing
        };
        self.follower.catch_up().await?;
        let limit = limit.clamp(1, MAX_HITS);
        let wide = limit * 2 + MARGIN;
        let near = self.index.search(owner, &asked, &filter, wide).await?;
        let mut hits = rank::rank(query, self.read(owner, &near).await?);
        hits.truncate(limit);
        Ok(hits)
    }
}
