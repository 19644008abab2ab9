//! The parts list of memory: embedder, [`vectors`], tiers, care and keeper.

use std::{collections::HashSet, sync::Arc, time::Duration};

use appliance_config::{Memory as Chosen, MemoryRanking, Settings};
use appliance_core::{
    Clock, IdMint, StoreError, Timestamp,
    ports::{Embedder, Records},
};
use appliance_tasks::Tasks;
use async_trait::async_trait;
use pai::{
    learning::Tree,
    memory::{
        Care, CareParts, Keeper, KeeperParts, Limits, Reader, Search, Step, VectorCache, Weights,
    },
};
use storage_embedded::{MemoryHotTier, Store};
use vector::CachedEmbedder;
use web_api::{MemoryCounts, MemoryFigures};

use super::{ahead::Ahead, vectors};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Memory, joined.
pub struct Remembering {
    /// The built-in embedder: it compares words, and routes for the demo.
    pub words: Arc<dyn Embedder>,
    /// Reads memories, hot ones from RAM.
    pub reader: Arc<Reader>,
    /// Finds them.
    pub search: Arc<Search>,
    /// Forgets, corrects, pins, undoes.
    pub care: Arc<Care>,
    /// Moves them between the tiers.
    pub keeper: Arc<Keeper>,
    /// Learnings and signals as files.
    pub tree: Arc<Tree>,
    /// What they count.
    pub figures: Arc<dyn MemoryCounts>,
}

/// What memory is joined from.
pub struct Needs<'a> {
    pub settings: &'a Settings,
    pub store: &'a Arc<Store>,
    pub records: &'a Arc<dyn Records>,
    pub clock: &'a Arc<dyn Clock>,
    pub mint: &'a IdMint,
    pub tasks: &'a Tasks,
    pub ahead: Ahead,
}

/// Joins the parts of memory.
///
/// # Errors
/// When the embedder's options do not fit, or the folder of the indexes cannot be written.
pub async fn join(needs: Needs<'_>) -> anyhow::Result<Remembering> {
    let Needs { settings, store, records, clock, mint, tasks, ahead } = needs;
    let Ahead { words, texts, vectors: read } = ahead;
    let (chosen, data) = (&settings.memory, &settings.data.dir);
    let limits = limits(chosen);
    let hot = Arc::new(MemoryHotTier::new(limits.hot_per_agent));
    let reader = Arc::new(Reader::new(store.clone(), store.clone(), hot));
    let embedders = vectors::Embedders::of(chosen, words.clone(), data, clock, tasks)?;
    store.embedded_by(embedders.chosen.model(), embedders.chosen.dim());
    let history = store.history();
    let (memories, read) = (reader.clone(), (texts, read));
    let search = vectors::search(chosen, data, &embedders, memories, history, read, tasks);
    let (search, to_build) = search.await?;
    let search = Arc::new(search.with_weights(weights(chosen)));
    to_build.map(|space| search.begin_space(space)).transpose()?;
    let tree = Arc::new(Tree::new(data, tasks.clone()));
    let care = Arc::new(Care::new(CareParts {
        records: records.clone(),
        memories: reader.clone(),
        tiers: store.clone(),
        conversations: store.clone(),
        indexes: search.clone(),
        tree: Some(tree.clone()),
        mint: mint.clone(),
        limits: limits.clone(),
    }));
    let cache = embedders.cache;
    let keeper = Arc::new(Keeper::new(KeeperParts {
        tiers: store.clone(),
        reader: reader.clone(),
        care: care.clone(),
        indexes: search.clone(),
        upkeep: store.clone(),
        vectors: cache.clone().map(|cache| Arc::new(Expiring(cache)) as Arc<dyn VectorCache>),
        clock: clock.clone(),
        limits,
    }));
    let figures = Arc::new(Figures { keeper: keeper.clone(), cache });
    Ok(Remembering { words, reader, search, care, keeper, tree, figures })
}

/// Tells the cache to drop what has expired, and what was purged.
#[derive(Debug)]
struct Expiring(Arc<CachedEmbedder>);

#[async_trait]
impl VectorCache for Expiring {
    async fn expire(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(self.0.expire().await)
    }

    fn key(&self, text: &str) -> [u8; 32] {
        self.0.key(text)
    }

    async fn keep_only(&self, keys: HashSet<[u8; 32]>) {
        self.0.keep_only(keys).await;
    }
}

/// Tells the keeper's and the cache's figures to whoever scrapes them.
#[derive(Debug)]
struct Figures {
    keeper: Arc<Keeper>,
    cache: Option<Arc<CachedEmbedder>>,
}

#[async_trait]
impl MemoryCounts for Figures {
    async fn read(&self) -> MemoryFigures {
        let now = self.keeper.metrics().await;
        let named = |counts: &[(Step, u64)]| {
            counts.iter().map(|(step, count)| (step.as_str(), *count)).collect()
        };
        MemoryFigures {
            moved: named(&now.moved),
            failures: named(&now.failures),
            evicted: now.evicted,
            uses: now.uses,
            runs: now.runs,
            last_run_seconds: now.last_run_seconds,
            hot: (now.hot_hits, now.hot_misses),
            embeddings: self.cache.as_ref().map_or((0, 0), |cache| cache.hits()),
        }
    }
}

fn limits(chosen: &Chosen) -> Limits {
    Limits {
        hot_age: Duration::from_secs(3_600) * chosen.hot_hours,
        hot_per_agent: usize::try_from(chosen.hot_items).unwrap_or(usize::MAX),
        warm_age: DAY * chosen.warm_days,
        warm_count: u64::from(chosen.warm_items),
        cold_age: DAY * chosen.cold_days,
        cold_bytes: u64::from(chosen.cold_gb) * 1_000_000_000,
        forgotten_age: DAY * chosen.forgotten_days,
        maintenance_every: Duration::from_secs(60) * chosen.maintenance_minutes,
        ..Limits::default()
    }
}

/// What is left out is as it was measured.
fn weights(chosen: &Chosen) -> Weights {
    let measured = Weights::default();
    let MemoryRanking {
        words,
        meaning,
        alike,
        before,
        before_asking,
        two_before,
        after,
        author,
        recency,
        half_life_days,
        empty,
        answer,
        learning,
        note,
        utility,
        pool,
    } = chosen.ranking.clone();
    Weights {
        words: words.unwrap_or(measured.words),
        meaning: meaning.unwrap_or(measured.meaning),
        alike: alike.unwrap_or(measured.alike),
        before: before.unwrap_or(measured.before),
        before_asking: before_asking.unwrap_or(measured.before_asking),
        two_before: two_before.unwrap_or(measured.two_before),
        after: after.unwrap_or(measured.after),
        author: author.unwrap_or(measured.author),
        recency: recency.unwrap_or(measured.recency),
        half_life_days: half_life_days.unwrap_or(measured.half_life_days),
        empty: empty.unwrap_or(measured.empty),
        answer: answer.unwrap_or(measured.answer),
        learning: learning.unwrap_or(measured.learning),
        note: note.unwrap_or(measured.note),
        utility: utility.unwrap_or(measured.utility),
        pool: pool.map_or(measured.pool, |pool| pool as usize),
        ..measured
    }
}
