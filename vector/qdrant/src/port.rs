//! [`QdrantIndex`]: the port over the four collections.

use std::sync::atomic::{AtomicU64, Ordering};

use appliance_core::{
    Collection, Embedding, Facets, MemoryId, SearchFilter, StoreError, UserId,
    ports::{IndexEntry, VectorIndex},
};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use qdrant_client::{
    Qdrant,
    qdrant::{CountPointsBuilder, DeletePointsBuilder, QueryPointsBuilder, SearchParamsBuilder},
};
use tokio::sync::Mutex;

use crate::{
    card,
    fault::Fault,
    filter, moves,
    options::QdrantOptions,
    payload,
    place::{Four, number},
    setup,
};

/// A [`VectorIndex`] on a Qdrant server. Cheap to share; holds no vector in this process.
pub struct QdrantIndex {
    client: Qdrant,
    options: QdrantOptions,
    names: Four<String>,
    address: String,
    position: AtomicU64,
    /// How many memories the four hold, as of the last write.
    count: AtomicU64,
    /// Writes go one after the other, so that what they count is right.
    writing: Mutex<()>,
}

impl std::fmt::Debug for QdrantIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QdrantIndex").field("options", &self.options).finish_non_exhaustive()
    }
}

impl QdrantIndex {
    /// Connects, and makes what is missing on the server.
    ///
    /// # Errors
    /// `Unavailable` when the server is away or refuses the key, `Invalid` for an address that
    /// cannot work and for collections that hold other vectors.
    pub async fn connect(options: QdrantOptions) -> Result<Self, StoreError> {
        let op = "vectors.connect";
        let client = options.client()?;
        let address = options.address().map_err(|fault| fault.at(op))?;
        let told = |fault: Fault| fault.to(&address).at(op);
        let server = client.health_check().await.map_err(|error| told(error.into()))?;
        let ready = Collection::ALL.map(|it| setup::collection(&client, it, &options));
        let positions = try_join_all(ready).await.map_err(told)?;
        let position = positions.into_iter().min().unwrap_or(0);
        tracing::info!(address, version = server.version, position, "Qdrant is connected");
        let index = Self {
            names: Collection::ALL.map(|it| options.name(it)),
            client,
            options,
            address,
            position: AtomicU64::new(position),
            count: AtomicU64::new(0),
            writing: Mutex::new(()),
        };
        index.recount().await.map_err(|fault| index.told(op, fault))?;
        Ok(index)
    }

    fn told(&self, op: &'static str, fault: Fault) -> StoreError {
        fault.to(&self.address).at(op)
    }

    fn check(&self, op: &'static str, embedding: &Embedding) -> Result<(), StoreError> {
        let got = embedding.values().len();
        if got == self.options.dim {
            return Ok(());
        }
        let why = format!("vector has {got} dimensions, this index takes {}", self.options.dim);
        Err(StoreError::invalid(op, why))
    }

    async fn recount(&self) -> Result<(), Fault> {
        let counts = self.names.each_ref().map(|name| card::count(&self.client, name));
        let counts = try_join_all(counts).await?;
        self.count.store(counts.into_iter().sum(), Ordering::Release);
        Ok(())
    }

    /// Searches one collection; what the graph leaves out of `k` is found by comparing all.
    async fn search_one(
        &self,
        owner: UserId,
        query: &Embedding,
        wanted: (Collection, &SearchFilter),
        k: u64,
    ) -> Result<Vec<(MemoryId, f32)>, Fault> {
        let (collection, narrowed) = wanted;
        let question = QueryPointsBuilder::new(&self.names[number(collection)])
            .query(query.values().to_vec())
            .filter(filter::of(owner, collection, narrowed))
            .limit(k);
        let mut found = self.client.query(question.clone()).await?.result;
        if (found.len() as u64) < k {
            let exactly = question.params(SearchParamsBuilder::default().exact(true));
            found = self.client.query(exactly).await?.result;
        }
        let hit = |point: qdrant_client::qdrant::ScoredPoint| {
            Some((payload::memory(point.id)?, point.score))
        };
        Ok(found.into_iter().filter_map(hit).collect())
    }

    async fn delete_one(&self, name: &str, owner: UserId, ids: &[MemoryId]) -> Result<u64, Fault> {
        let which = filter::among(owner, ids);
        let count = CountPointsBuilder::new(name).filter(which.clone()).exact(true);
        let count = self.client.count(count).await?.result.map_or(0, |found| found.count);
        if count > 0 {
            let delete = DeletePointsBuilder::new(name).points(which).wait(true);
            self.client.delete_points(delete).await?;
        }
        Ok(count)
    }

    async fn save_all(&self, position: u64) -> Result<(), Fault> {
        let cards = self
            .names
            .each_ref()
            .map(|name| card::write(&self.client, name, &self.options, position));
        try_join_all(cards).await.map(drop)
    }
}

#[async_trait]
impl VectorIndex for QdrantIndex {
    async fn upsert(&self, entries: Vec<IndexEntry>) -> Result<(), StoreError> {
        let op = "vectors.upsert";
        for entry in &entries {
            self.check(op, &entry.embedding)?;
        }
        if entries.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.writing.lock().await;
        let put = moves::put(&self.client, &self.names, entries);
        let done = async { put.await.and(self.recount().await) };
        done.await.map_err(|fault| self.told(op, fault))
    }

    async fn retag(&self, entries: Vec<(MemoryId, Facets)>) -> Result<usize, StoreError> {
        let _one_at_a_time = self.writing.lock().await;
        let retag = moves::retag(&self.client, &self.names, entries);
        retag.await.map_err(|fault| self.told("vectors.retag", fault))
    }

    async fn search(
        &self,
        owner: UserId,
        query: &Embedding,
        narrowed: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        let op = "vectors.search";
        self.check(op, query)?;
        let most = k.min(self.count());
        if most == 0 {
            return Ok(Vec::new());
        }
        let wanted = Collection::ALL.into_iter();
        let wanted = wanted.filter(|it| narrowed.collection.is_none_or(|only| only == *it));
        let searches = wanted.map(|it| self.search_one(owner, query, (it, narrowed), most as u64));
        let found = try_join_all(searches).await.map_err(|fault| self.told(op, fault))?;
        Ok(merged(found.into_iter().flatten().collect(), k))
    }

    async fn delete(&self, owner: UserId, ids: &[MemoryId]) -> Result<usize, StoreError> {
        let op = "vectors.delete";
        if ids.is_empty() {
            return Ok(0);
        }
        let _one_at_a_time = self.writing.lock().await;
        let mut count = 0;
        for ids in ids.chunks(moves::AT_ONCE) {
            let deletes = self.names.each_ref().map(|name| self.delete_one(name, owner, ids));
            let deleted = try_join_all(deletes).await.map_err(|fault| self.told(op, fault))?;
            count += deleted.into_iter().sum::<u64>();
        }
        self.recount().await.map_err(|fault| self.told(op, fault))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    async fn save(&self, position: u64) -> Result<(), StoreError> {
        let _one_at_a_time = self.writing.lock().await;
        self.save_all(position).await.map_err(|fault| self.told("vectors.save", fault))?;
        self.position.store(position, Ordering::Release);
        Ok(())
    }

    async fn discard(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.writing.lock().await;
        let gone = self.names.each_ref().map(|name| setup::remove(&self.client, name));
        try_join_all(gone).await.map_err(|fault| self.told("vectors.discard", fault))?;
        Ok(())
    }

    fn count(&self) -> usize {
        usize::try_from(self.count.load(Ordering::Acquire)).unwrap_or(usize::MAX)
    }
}

/// Brings the collections' hits together, nearest first; one that is on its way from one collection
/// to another counts once.
fn merged(mut hits: Vec<(MemoryId, f32)>, k: usize) -> Vec<(MemoryId, f32)> {
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut seen = std::collections::HashSet::with_capacity(hits.len());
    hits.retain(|(id, _)| seen.insert(*id));
    hits.truncate(k);
    hits
}
