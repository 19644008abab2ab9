//! The search itself: checks the question, has both indexes asked, fuses, reads the texts and cuts.
//!
//! Invariant: what is away makes an answer partial, and every hit of it says so in its `why`; only
//! records that cannot be read, or nothing left to ask, make an error.

use std::sync::Arc;

use appliance_core::{
    Memory, SearchFilter, UserId,
    memory::MemoryHits,
    ports::{
        CareError, Embedder, Job, Memories, MemorySearch, SearchError, TextIndex, VectorHome,
        VectorIndex,
    },
};
use appliance_tasks::Tasks;
use async_trait::async_trait;

use super::{
    alike,
    asked::{self, Asked, Word},
    find::{Finder, Found, Missing, Scored, Wanted},
    fuse::{self, Scales, Table},
    rank::{self, Group},
    weights::{self, Weights},
};
use crate::memory::index::{Feeder, Glance, Level, Space, SpaceMaker, telling};

/// Most bytes a question may have.
const MAX_QUERY_BYTES: usize = 8 * 1024;

/// Most hits one search gives.
pub(super) const MAX_HITS: usize = 100;

/// Most words of a question that are compared one by one.
const MAX_WORDS: usize = 32;

/// Answers [`MemorySearch`] from the records, an embedder and two indexes.
#[derive(Debug)]
pub struct Search {
    pub(super) level: Level,
    weights: Weights,
}

impl Search {
    /// Joins the three; `index` has the embedder's dimension and stands where it says it does. Finds
    /// by meaning alone until [`with_texts`](Self::with_texts).
    #[must_use]
    pub fn new(
        memories: Arc<dyn Memories>,
        embedder: Arc<dyn Embedder>,
        index: Arc<dyn VectorIndex>,
        tasks: Tasks,
    ) -> Self {
        let space = Space::new(embedder.clone(), index);
        Self::over(memories, embedder, Some(space), tasks)
    }

    /// Joins the records with the space that serves; without one, finds by words alone until one was
    /// [built](Self::begin_space). `words` compares single words, so it has to be one in this
    /// process; it may be another than the space's.
    #[must_use]
    pub fn over(
        memories: Arc<dyn Memories>,
        words: Arc<dyn Embedder>,
        serving: Option<Space>,
        tasks: Tasks,
    ) -> Self {
        Self { level: Level::new(memories, words, serving, tasks), weights: Weights::default() }
    }

    /// Finds by words too; the first time counts.
    #[must_use]
    pub fn with_texts(self, texts: Arc<dyn TextIndex>) -> Self {
        let _ = self.level.follower.texts.set(texts);
        self
    }

    /// Weighs otherwise than by default.
    #[must_use]
    pub fn with_weights(mut self, weights: Weights) -> Self {
        self.level.follower.learn_words(weights.alike > 0.0);
        self.weights = weights;
        self
    }

    /// Notes in the home of the indexes which vectors serve; the first time counts.
    #[must_use]
    pub fn with_home(self, home: Arc<dyn VectorHome>) -> Self {
        let _ = self.level.spaces.home.set(home);
        self
    }

    /// Knows how to make an empty space, to build the vectors anew; the first time counts.
    #[must_use]
    pub fn with_maker(self, maker: SpaceMaker) -> Self {
        let _ = self.level.spaces.maker.set(maker);
        self
    }

    /// Builds `space` beside the one that serves, in a task of its own, and lets it serve when it is
    /// level. Goes on from where the space's index stands.
    ///
    /// # Errors
    /// [`CareError::Busy`] while another one is built.
    pub fn begin_space(&self, space: Space) -> Result<Job, CareError> {
        self.level.begin(space)
    }

    /// Ends the task that builds a space, if one runs. It goes on at the next start from what was
    /// saved; `save` afterwards.
    pub async fn close(&self) {
        self.level.close().await;
    }

    /// Fills the indexes, so that the first search after a start does not have to.
    ///
    /// # Errors
    /// As [`search`](MemorySearch::search); a later search tries again.
    pub async fn warm_up(&self) -> Result<(), SearchError> {
        self.level.all().await
    }

    /// Takes in what is new as it comes, so that searches do not have to; never returns. May be
    /// dropped at any time. While an embedder or an index is away it is left alone, as by searches.
    pub async fn keep_level(&self) {
        self.level.keep().await;
    }

    /// Takes the question apart, and says what the index of words is to be asked; without vectors for
    /// its words while their embedder is away.
    async fn ask(&self, owner: UserId, query: &str, feeder: Option<&Feeder>) -> (Asked, String) {
        let mut words = telling(query);
        words.truncate(MAX_WORDS);
        let texts: Vec<&str> = words.iter().map(String::as_str).collect();
        let vectors = match texts.is_empty() || self.weights.alike <= 0.0 {
            true => Vec::new(),
            false => self.level.follower.words.embed(&texts).await.unwrap_or_default(),
        };
        let (mut vectors, mut spoken) = (vectors.into_iter(), query.to_owned());
        let says = |embedder: &dyn Embedder| self.says_something(owner, query, embedder);
        let is_read = !says(self.level.follower.words.as_ref());
        let words = words.into_iter().map(|text| {
            let close = if is_read { self.may_be(owner, &text) } else { Vec::new() };
            close.iter().for_each(|(_, other)| spoken.extend([" ", other]));
            let close = close.into_iter().map(|(place, _)| place).collect();
            Word { text, vector: vectors.next().flatten(), close }
        });
        let words = words.collect();
        let is_meant = feeder.is_none_or(|feeder| says(feeder.space.embedder.as_ref()));
        (Asked::new(query, words, is_meant), spoken)
    }

    fn says_something(&self, owner: UserId, query: &str, embedder: &dyn Embedder) -> bool {
        let (known, none) = (self.level.follower.known(), Default::default());
        let shelf = known.shelves.get(&owner).unwrap_or(&none);
        asked::is_meant(query, (shelf, &known.vocabulary), embedder)
    }

    /// Returns what a word may be that nobody knows and that stands nowhere.
    fn may_be(&self, owner: UserId, word: &str) -> Vec<(u32, String)> {
        if self.level.follower.words.knows(word) {
            return Vec::new();
        }
        let known = self.level.follower.known();
        let shelf = known.shelves.get(&owner);
        shelf.map(|shelf| asked::close(word, shelf, &known.vocabulary)).unwrap_or_default()
    }

    /// Ranks what was found, without reading a text; or tells what has left its shelf since.
    fn ordered(
        &self,
        asked: &Asked,
        wanted: Wanted<'_>,
        found: &mut Found,
        feeder: Option<&Feeder>,
    ) -> Result<Vec<Group>, Scored> {
        let known = self.level.follower.known();
        let none = Default::default();
        let shelf = known.shelves.get(&wanted.owner).unwrap_or(&none);
        let left = found.left(shelf);
        if !left.is_empty() {
            return Err(left);
        }
        let table = Table { shelf, vocabulary: &known.vocabulary, found };
        let floor = feeder.map_or(f32::NEG_INFINITY, |it| weights::floor(it, &self.weights));
        let scales = Scales { weights: &self.weights, floor };
        Ok(rank::joined(table, fuse::fuse(table, asked, wanted, scales)))
    }

    /// Reads the texts of the best, and joins those that say the same in almost the same words.
    async fn read(
        &self,
        wanted: Wanted<'_>,
        found: Found,
        (asked, groups): (&Asked, Vec<Group>),
        limit: usize,
    ) -> Result<Vec<(Group, Memory)>, SearchError> {
        let mut archived: Vec<_> = found.archived.into_iter().map(|it| it.memory).collect();
        let mut kept: Vec<(Group, Memory)> = Vec::new();
        for group in groups {
            if kept.len() == limit {
                break;
            }
            let memory = match archived.iter().position(|memory| memory.id == group.id) {
                Some(at) => Some(archived.swap_remove(at)),
                None => self.level.memories.get_sound(wanted.owner, group.id).await?,
            };
            // It may have been forgotten, or have come to an end, since it was found.
            let passes = |memory: &Memory| memory.facets().pass(wanted.owner, wanted.filter);
            let Some(memory) = memory.filter(passes) else { continue };
            // What is only near to a vector that says nothing is not what was asked for.
            let is_asked = asked.is_meant || group.is_worded() || asked.is_spelled_in(&memory);
            if !is_asked {
                continue;
            }
            match self.same(&kept, &group, &memory).await {
                Some(at) => kept[at].0.absorb(&group),
                None => kept.push((group, memory)),
            }
        }
        Ok(kept)
    }

    /// Returns the better hit that says the same in almost the same words.
    async fn same(
        &self,
        kept: &[(Group, Memory)],
        group: &Group,
        memory: &Memory,
    ) -> Option<usize> {
        for (at, (better, other)) in kept.iter().enumerate() {
            let may_be = other.provenance.author == memory.provenance.author
                && alike::shares_most(&better.words, &group.words)
                && alike::says_the_same(&other.text, &memory.text);
            if may_be && self.is_near(&other.text, &memory.text).await {
                return Some(at);
            }
        }
        None
    }

    async fn is_near(&self, one: &str, other: &str) -> bool {
        let vectors = self.level.follower.words.embed(&[one, other]).await.unwrap_or_default();
        let [Some(one), Some(other)] = &vectors[..] else { return false };
        one.cosine(other) >= alike::NEAR
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
    ) -> Result<MemoryHits, SearchError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(SearchError::TooLong { got: query.len(), limit: MAX_QUERY_BYTES });
        }
        if query.trim().is_empty() {
            return Err(SearchError::Empty);
        }
        let level = self.level.glance().await?;
        let limit = limit.clamp(1, MAX_HITS);
        let pool = self.weights.pool.max(limit * 2);
        let serving = self.level.spaces.serving();
        let feeder = serving.as_deref();
        let (asked, words) = self.ask(owner, query, feeder).await;
        let wanted = Wanted { owner, words: &words, filter: &filter, pool };
        let (memories, mut missing) = (self.level.memories.as_ref(), Missing::default());
        let mut finder =
            Finder { memories, follower: &self.level.follower, feeder, missing: &mut missing };
        match level {
            Glance::Level => finder.level().await?,
            Glance::WithoutWords => finder.without_words().await?,
            Glance::Reading => finder.hurry(),
        }
        let vector = finder.vector(query).await;
        let mut found = finder.find(wanted, vector.as_ref()).await?;
        if finder.missing.is_all(self.level.follower.texts.get().is_some()) {
            return Err(missing.into_error());
        }
        let groups = loop {
            match self.ordered(&asked, wanted, &mut found, feeder) {
                Ok(groups) => break groups,
                Err(left) => finder.follow(wanted, vector.as_ref(), left, &mut found).await?,
            }
        };
        let kept = self.read(wanted, found, (&asked, groups), limit).await?;
        let hits = kept.into_iter().map(|(group, memory)| group.hit(memory, &missing)).collect();
        Ok(MemoryHits { hits, missing: missing.parts() })
    }

    fn ailing(&self) -> Option<String> {
        let texts = self.level.follower.texts.get();
        let words = texts.and_then(|texts| texts.fault()).map(|fault| fault.to_string());
        words.or_else(|| self.level.spaces.fault())
    }
}
