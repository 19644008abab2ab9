//! [`CachedEmbedder`]: an embedder that is asked over the network is asked once for each text.
//!
//! Stands in front of another [`Embedder`] and keeps its vectors in `vectors.redb`. The built-in
//! embedder takes about 10 us a text, less than a look into a file: it is used without this. Nothing
//! here is the truth: whatever is wrong with the file, callers get their vectors from the embedder
//! behind, and the log says what was wrong.
//!
//! Invariants: a row is found only for the same text, model and dimension; a text that two callers
//! want at the same time is paid once; what was paid is stored before anybody has it, batch by
//! batch, so that a later batch's failure costs nothing twice.

mod flights;
mod key;
mod row;
mod shelf;

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Clock, Embedding,
    ports::{EmbedError, Embedder},
};
use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;

use flights::{Flights, Lead};
use key::Key;
use row::Use;
use shelf::Shelf;

/// Most texts that are asked for before their vectors are stored; OpenAI's batch.
const PAID_AT_ONCE: usize = 100;

/// Most rows that one step of [`CachedEmbedder::expire`] looks at.
const SWEPT_AT_ONCE: usize = 1_000;

/// Writing to the cache's file.
const SHELF: TaskKind = TaskKind::new("vector.cache");

/// A question's row is marked as used when this part of its time has passed, and not at every use.
const MARKED_AFTER: u32 = 30;

/// An [`Embedder`] that remembers what another one answered.
#[derive(Debug)]
pub struct CachedEmbedder {
    inner: Arc<dyn Embedder>,
    shelf: Arc<Shelf>,
    flights: Flights,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    ttl: Duration,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl CachedEmbedder {
    /// Opens the file at `path`, or makes it, in front of `inner`. Vectors of questions are kept for
    /// `ttl` after their last use, those of kept texts until they are not among those that are to be
    /// [kept](Self::keep_only).
    ///
    /// Cannot fail: a damaged file is moved aside and made anew, and one that cannot be used leaves
    /// the embedder without a cache. Both are logged.
    #[must_use]
    pub fn open(
        path: &Path,
        inner: Arc<dyn Embedder>,
        clock: Arc<dyn Clock>,
        ttl: Duration,
        tasks: Tasks,
    ) -> Self {
        Self {
            inner,
            shelf: Arc::new(Shelf::open(path)),
            flights: Flights::default(),
            clock,
            tasks,
            ttl,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns how many texts were answered without being paid for, and how many were paid for,
    /// since the start.
    #[must_use]
    pub fn hits(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Returns how many vectors are kept.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.shelf.stored()
    }

    /// Drops the vectors of questions that nobody asked for a while, in steps of a thousand rows
    /// that let others write in between; returns how many.
    pub async fn expire(&self) -> u64 {
        let (mut dropped, mut after) = (0, None);
        loop {
            let oldest = self.now().saturating_sub(self.ttl.as_millis() as u64);
            let step = self.off(move |shelf| shelf.sweep(oldest, after, SWEPT_AT_ONCE)).await;
            let Some(step) = step.flatten() else { return dropped };
            dropped += step.dropped;
            let Some(next) = step.next else { return dropped };
            after = Some(next);
        }
    }

    /// Drops everything that is not filed under one of `keys`, and leaves no byte of it in the file.
    pub async fn keep_only(&self, keys: HashSet<[u8; 32]>) {
        self.off(move |shelf| shelf.keep_only(&keys)).await;
    }

    /// Returns what a text's vector is filed under.
    #[must_use]
    pub fn key(&self, text: &str) -> [u8; 32] {
        key::of(self.inner.model(), self.inner.dim(), text)
    }

    async fn answer(
        &self,
        texts: &[&str],
        kept: bool,
    ) -> Result<Vec<Option<Embedding>>, EmbedError> {
        let keys: Vec<Option<Key>> =
            texts.iter().map(|text| (!text.trim().is_empty()).then(|| self.key(text))).collect();
        let mut seen = HashSet::new();
        let mut wanted: Vec<(Key, &str)> = keys
            .iter()
            .zip(texts)
            .filter_map(|(key, text)| key.filter(|key| seen.insert(*key)).map(|key| (key, *text)))
            .collect();
        let mut known: HashMap<Key, Option<Embedding>> = HashMap::with_capacity(wanted.len());
        let mut paid = 0;
        while !wanted.is_empty() {
            paid += self.round(&wanted, kept, &mut known).await?;
            wanted.retain(|(key, _)| !known.contains_key(key));
        }
        let answered = keys.iter().flatten().count() as u64;
        self.hits.fetch_add(answered.saturating_sub(paid), Ordering::Relaxed);
        Ok(keys.iter().map(|key| known.get(key.as_ref()?).cloned().flatten()).collect())
    }

    /// Asks for what nobody asks for yet and waits for the rest; returns how many were paid for.
    /// What is not known afterwards was given up by another caller and is wanted still.
    async fn round(
        &self,
        wanted: &[(Key, &str)],
        kept: bool,
        known: &mut HashMap<Key, Option<Embedding>>,
    ) -> Result<u64, EmbedError> {
        let (mut lead, others) = self.flights.board(wanted.iter().map(|(key, _)| *key));
        let ours: Vec<(Key, &str)> =
            wanted.iter().filter(|(key, _)| lead.has(key)).copied().collect();
        let paid = match self.lead(&ours, kept, &mut lead, known).await {
            Ok(paid) => paid,
            Err(error) => return Err(lead.fail(error)),
        };
        let mut joined = Vec::new();
        for flight in others {
            let key = flight.key;
            let Some(outcome) = flight.landed().await else { continue };
            known.insert(key, outcome?);
            joined.push(key);
        }
        if kept && !joined.is_empty() {
            self.mark(joined, true).await;
        }
        Ok(paid)
    }

    /// Answers `ours` from the file, and the missing from the embedder behind.
    async fn lead(
        &self,
        ours: &[(Key, &str)],
        kept: bool,
        lead: &mut Lead<'_>,
        known: &mut HashMap<Key, Option<Embedding>>,
    ) -> Result<u64, EmbedError> {
        let now = self.now();
        let found = self.shelf.read(ours.iter().map(|(key, _)| key), self.inner.dim());
        let mut missing = Vec::new();
        let mut marks = Vec::new();
        for (key, text) in ours {
            let row = found.get(key).filter(|(_, used)| !self.is_over(used, now));
            let Some((embedding, used)) = row else {
                missing.push((*key, *text));
                continue;
            };
            if self.wants_mark(used, kept, now) {
                marks.push(*key);
            }
            lead.land(*key, Some(embedding.clone()));
            known.insert(*key, Some(embedding.clone()));
        }
        if !marks.is_empty() {
            self.mark(marks, kept).await;
        }
        for chunk in missing.chunks(PAID_AT_ONCE) {
            self.pay(chunk, kept, lead, known).await?;
        }
        Ok(missing.len() as u64)
    }

    async fn pay(
        &self,
        chunk: &[(Key, &str)],
        kept: bool,
        lead: &mut Lead<'_>,
        known: &mut HashMap<Key, Option<Embedding>>,
    ) -> Result<(), EmbedError> {
        let texts: Vec<&str> = chunk.iter().map(|(_, text)| *text).collect();
        self.misses.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        let vectors =
            if kept { self.inner.embed_kept(&texts) } else { self.inner.embed(&texts) }.await?;
        if vectors.len() != chunk.len() {
            return Err(self.miscounted(chunk.len(), vectors.len()));
        }
        let used = Use { at: self.now(), kept };
        let answered: Vec<(Key, Option<Embedding>)> = chunk
            .iter()
            .zip(vectors)
            .map(|((key, _), vector)| (*key, vector.as_ref().and_then(as_read_back)))
            .collect();
        let rows: Vec<(Key, Embedding)> =
            answered.iter().filter_map(|(key, vector)| Some((*key, vector.clone()?))).collect();
        self.off(move |shelf| shelf.write(&rows, used)).await;
        for (key, vector) in answered {
            lead.land(key, vector.clone());
            known.insert(key, vector);
        }
        Ok(())
    }

    fn miscounted(&self, asked: usize, came: usize) -> EmbedError {
        EmbedError::Unavailable {
            model: self.inner.model().to_owned(),
            why: format!("it was asked for {asked} vectors and gave {came}"),
        }
    }

    async fn mark(&self, keys: Vec<Key>, kept: bool) {
        let at = self.now();
        self.off(move |shelf| shelf.mark(&keys, Use { at, kept })).await;
    }

    /// Runs what writes to the file where it may block.
    async fn off<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Shelf) -> T + Send + 'static,
    ) -> Option<T> {
        let shelf = self.shelf.clone();
        self.tasks.blocking(SHELF, move || run(&shelf)).await.ok()
    }

    fn is_over(&self, used: &Use, now: u64) -> bool {
        !used.kept && now.saturating_sub(used.at) > self.ttl.as_millis() as u64
    }

    fn wants_mark(&self, used: &Use, kept: bool, now: u64) -> bool {
        let grain = (self.ttl / MARKED_AFTER).as_millis() as u64;
        !used.kept && (kept || now.saturating_sub(used.at) > grain)
    }

    fn now(&self) -> u64 {
        self.clock.lived().unix_millis()
    }
}

/// The same numbers that a later look into the file gives, so that a text has one vector for good.
fn as_read_back(vector: &Embedding) -> Option<Embedding> {
    Embedding::normalised(vector.values().to_vec())
}

#[async_trait]
impl Embedder for CachedEmbedder {
    fn model(&self) -> &str {
        self.inner.model()
    }

    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn knows(&self, word: &str) -> bool {
        self.inner.knows(word)
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        self.answer(texts, false).await
    }

    async fn embed_kept(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        self.answer(texts, true).await
    }
}
