//! What the two indexes find for one question, in all three tiers; ranks nothing.
//!
//! The vector index narrows by itself. The text index knows owners only, so it is asked for more
//! than is needed, and for four times as much while too few pass. What it finds and no shelf has is
//! archived: the best few are read and compared as if they were live. Whatever is away is left out
//! and named in [`Missing`].

use std::{collections::HashMap, time::Duration};

use appliance_core::{
    Embedding, Memory, MemoryId, MemoryTier, SearchFilter, StoreError, UserId,
    memory::SearchPart,
    ports::{Memories, SearchError},
};
use appliance_phrases::utterance;
use tokio::time::timeout;

use crate::memory::index::{Feeder, Follower, Row, Shelf};

/// Most archived memories that one search reads: each costs a block of the archive.
const MOST_ARCHIVED: usize = 30;

/// Most texts that are asked for, however few pass: about 50 ms among a million.
const MOST_TEXTS: usize = 25_600;

/// How long a search waits for a remote embedder or index before it answers by words.
const PATIENCE: Duration = Duration::from_secs(3);

/// Memories with a score, best first.
pub(super) type Scored = Vec<(MemoryId, f32)>;

/// One question, narrowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub owner: UserId,
    /// What the index of words is asked: the question, and what words of it may be that stand nowhere.
    pub words: &'a str,
    pub filter: &'a SearchFilter,
    /// How many candidates each index gives.
    pub pool: usize,
}

/// What could not be asked, and why.
#[derive(Debug, Default)]
pub(super) struct Missing {
    pub meaning: Option<SearchError>,
    pub words: Option<String>,
    /// There are no vectors yet.
    pub building: bool,
    /// Not all memories have a vector yet.
    pub behind: bool,
    /// Memory is still being read in: what no shelf has yet is read one by one.
    pub loading: bool,
}

impl Missing {
    /// Tells whether nothing was left to ask.
    pub(super) const fn is_all(&self, has_texts: bool) -> bool {
        self.meaning.is_some() && (self.words.is_some() || !has_texts)
    }

    /// Returns the parts that the answer lacks.
    pub(super) fn parts(&self) -> Vec<SearchPart> {
        let vectors = self.meaning.is_some() || self.building || self.behind;
        let words = self.words.is_some();
        let parts = [(vectors, SearchPart::Vectors), (words, SearchPart::Words)];
        parts.into_iter().filter(|(lacks, _)| *lacks).map(|(_, part)| part).collect()
    }

    /// Returns why nothing was.
    pub(super) fn into_error(self) -> SearchError {
        self.meaning.unwrap_or_else(|| {
            StoreError::unavailable("memory.search", "both indexes are away; try again").into()
        })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Cosines, nearest first; `None` when nobody could be asked.
    pub near: Option<Vec<(MemoryId, f32)>>,
    /// BM25 scores, best first, of live memories that pass.
    pub texts: Vec<(MemoryId, f32)>,
    /// Archived ones that pass.
    pub archived: Vec<Archived>,
}

impl Found {
    /// Takes out what was on a shelf when it was found and is on none any more: archived meanwhile, or
    /// gone.
    pub(super) fn left(&mut self, shelf: &Shelf) -> Scored {
        self.texts.extract_if(.., |(id, _)| shelf.place(*id).is_none()).collect()
    }
}

/// An archived memory that was found by its words.
#[derive(Debug)]
pub(super) struct Archived {
    pub row: Row,
    pub words: f32,
    pub meaning: Option<f32>,
    pub memory: Memory,
}

/// Where one search looks.
pub(super) struct Finder<'a> {
    pub memories: &'a dyn Memories,
    pub follower: &'a Follower,
    pub feeder: Option<&'a Feeder>,
    pub missing: &'a mut Missing,
}

impl Finder<'_> {
    /// Asks only one index while memory is being read in: words, or vectors where words are behind.
    pub(super) fn hurry(&mut self) {
        self.missing.loading = true;
        let why = "memory is being read in";
        if self.follower.has_words(self.memories.latest()) || self.feeder.is_none() {
            self.feeder = None;
            self.missing.meaning = Some(StoreError::unavailable("vectors.search", why).into());
        } else {
            self.missing.words = Some(why.to_owned());
        }
    }

    /// Leaves the index of words alone while it is filled again; the vectors stand in for it.
    pub(super) async fn without_words(&mut self) -> Result<(), SearchError> {
        self.missing.words = Some("the index of words is filled again".to_owned());
        self.level().await
    }

    /// Brings the vectors level with the shelves, within [`PATIENCE`].
    pub(super) async fn level(&mut self) -> Result<(), SearchError> {
        let Some(feeder) = self.feeder else {
            self.missing.building = true;
            let why = "the vectors are being built; try again later";
            self.missing.meaning = Some(StoreError::unavailable("vectors.search", why).into());
            return Ok(());
        };
        let goal = self.follower.position();
        self.missing.behind = !feeder.catch_up(self.memories, goal, PATIENCE).await?;
        Ok(())
    }

    /// Returns the vector of a question; `None` for one that has none, or when that is missing.
    pub(super) async fn vector(&mut self, query: &str) -> Option<Embedding> {
        let feeder = self.feeder?;
        if let Some(why) = feeder.asking.pause() {
            self.missing.meaning = Some(StoreError::unavailable("vectors.search", why).into());
            return None;
        }
        let texts = [query];
        let vectors = match timeout(PATIENCE, feeder.space.embedder.embed(&texts)).await {
            Ok(vectors) => vectors.map_err(SearchError::from),
            Err(_) => Err(late("embedder.embed", "no vector of the question came")),
        };
        match vectors {
            Ok(vectors) => vectors.into_iter().next().flatten(),
            Err(why) => self.without_meaning(feeder, why),
        }
    }

    /// Asks both indexes.
    pub(super) async fn find(
        &mut self,
        wanted: Wanted<'_>,
        vector: Option<&Embedding>,
    ) -> Result<Found, SearchError> {
        let mut found = Found::default();
        if let Some(vector) = vector {
            self.feeder.inspect(|feeder| feeder.asked(vector));
            found.near = self.near(wanted, vector).await;
        }
        let (texts, mut unknown) = self.texts(wanted).await;
        found.texts = texts;
        if self.missing.loading {
            // Meanings of what is read by them are compared anyway.
            unknown.extend(self.unknown(wanted.owner, found.near.as_deref().unwrap_or_default()));
        }
        found.archived = self.archived(wanted, vector, unknown).await?;
        Ok(found)
    }

    /// Looks in the archive for what has left its shelf since it was found.
    pub(super) async fn follow(
        &mut self,
        wanted: Wanted<'_>,
        vector: Option<&Embedding>,
        left: Scored,
        found: &mut Found,
    ) -> Result<(), SearchError> {
        found.archived.extend(self.archived(wanted, vector, left).await?);
        Ok(())
    }

    async fn near(
        &mut self,
        wanted: Wanted<'_>,
        vector: &Embedding,
    ) -> Option<Vec<(MemoryId, f32)>> {
        let feeder = self.feeder?;
        let index = &feeder.space.index;
        let search = index.search(wanted.owner, vector, wanted.filter, wanted.pool);
        let near = match timeout(PATIENCE, search).await {
            Ok(near) => near.map_err(SearchError::from),
            Err(_) => Err(late("vectors.search", "the vectors did not answer")),
        };
        let near = match near {
            Ok(near) => near,
            Err(why) => return self.without_meaning(feeder, why),
        };
        feeder.asking.works();
        if !self.missing.loading {
            self.sweep(feeder, wanted.owner, &near).await;
        }
        Some(near)
    }

    /// Takes vectors without a memory out of the index, so that they are in nobody's way again.
    async fn sweep(&self, feeder: &Feeder, owner: UserId, near: &[(MemoryId, f32)]) {
        let has = |id| self.follower.has(owner, id);
        let lost: Vec<MemoryId> = near.iter().map(|(id, _)| *id).filter(|id| !has(*id)).collect();
        if !lost.is_empty()
            && let Err(why) = feeder.sweep(owner, &lost, has).await
        {
            feeder.feeding.failed("a clean index of vectors", &why);
        }
    }

    /// Returns those that no shelf has, without a score for their words.
    fn unknown(&self, owner: UserId, near: &[(MemoryId, f32)]) -> Scored {
        let unknown = near.iter().filter(|(id, _)| !self.follower.has(owner, *id));
        unknown.map(|(id, _)| (*id, 0.0)).collect()
    }

    fn without_meaning<T>(&mut self, feeder: &Feeder, why: SearchError) -> Option<T> {
        feeder.asking.failed("meaning, by words alone", &why);
        self.missing.meaning = Some(why);
        None
    }

    /// Returns live memories that pass, and those that no shelf has.
    async fn texts(&mut self, wanted: Wanted<'_>) -> (Scored, Scored) {
        let Some(texts) = self.follower.texts.get() else { return (Vec::new(), Vec::new()) };
        if self.missing.words.is_some() {
            return (Vec::new(), Vec::new());
        }
        let outage = &self.follower.texts_outage;
        if let Some(why) = outage.pause() {
            self.missing.words = Some(why);
            return (Vec::new(), Vec::new());
        }
        let mut most = wanted.pool;
        loop {
            let hits = match texts.search(wanted.owner, wanted.words, most).await {
                Ok(hits) => hits,
                Err(why) => {
                    self.missing.words = Some(outage.failed("the index of words", &why));
                    return (Vec::new(), Vec::new());
                }
            };
            let asked = hits.len();
            let (passing, unknown) = self.sorted(wanted, hits);
            let enough = match wanted.filter.tier {
                Some(MemoryTier::Cold) => unknown.len() >= MOST_ARCHIVED,
                _ if self.missing.loading => passing.len() + unknown.len() >= MOST_ARCHIVED,
                _ => passing.len() * 2 >= wanted.pool,
            };
            if enough || asked < most || most >= MOST_TEXTS {
                return (passing, unknown);
            }
            most = (most * 4).min(MOST_TEXTS);
        }
    }

    fn sorted(&self, wanted: Wanted<'_>, hits: Vec<(MemoryId, f32)>) -> (Scored, Scored) {
        let known = self.follower.known();
        let shelf = known.shelves.get(&wanted.owner);
        let (mut passing, mut unknown) = (Vec::new(), Vec::new());
        for hit in hits {
            match shelf.and_then(|shelf| shelf.row(shelf.place(hit.0)?)) {
                Some(row) if row.facets.pass(wanted.owner, wanted.filter) => passing.push(hit),
                Some(_) => {}
                None => unknown.push(hit),
            }
        }
        passing.truncate(wanted.pool);
        (passing, unknown)
    }

    /// Reads the best archived memories and compares those that pass with the question.
    async fn archived(
        &mut self,
        wanted: Wanted<'_>,
        vector: Option<&Embedding>,
        mut hits: Vec<(MemoryId, f32)>,
    ) -> Result<Vec<Archived>, SearchError> {
        let elsewhere = wanted.filter.tier.is_some_and(|tier| tier != MemoryTier::Cold);
        if elsewhere && !self.missing.loading {
            return Ok(Vec::new());
        }
        hits.truncate(MOST_ARCHIVED);
        let mut scores = HashMap::new();
        let mut memories = Vec::new();
        for (id, score) in hits {
            let memory = self.memories.get_sound(wanted.owner, id).await?;
            let Some(memory) = memory else { continue };
            if memory.facets().pass(wanted.owner, wanted.filter) {
                scores.insert(id, score);
                memories.push(memory);
            }
        }
        if memories.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.follower.rows_of(&memories).await;
        let meanings = self.meanings(&memories, vector).await;
        let both = memories.into_iter().zip(rows).zip(meanings);
        let archived = both.map(|((memory, row), meaning)| {
            let words = scores.get(&memory.id).copied().unwrap_or_default();
            Archived { row, words, meaning, memory }
        });
        Ok(archived.collect())
    }

    async fn meanings(
        &mut self,
        memories: &[Memory],
        vector: Option<&Embedding>,
    ) -> Vec<Option<f32>> {
        let none = vec![None; memories.len()];
        let (Some(feeder), Some(vector)) = (self.feeder, vector) else { return none };
        let texts: Vec<&str> =
            memories.iter().map(|memory| utterance::statement(&memory.text)).collect();
        let embedded = timeout(PATIENCE, feeder.space.embedder.embed(&texts)).await;
        let Ok(Ok(vectors)) = embedded else {
            feeder.asking.failed("the meaning of archived memories", &"the embedder is away");
            return none;
        };
        let cosine = |other: &Embedding| vector.cosine(other);
        vectors.iter().map(|other| other.as_ref().map(cosine)).collect()
    }
}

fn late(op: &'static str, what: &str) -> SearchError {
    StoreError::unavailable(op, format!("{what} within {PATIENCE:?}")).into()
}
