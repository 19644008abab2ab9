//! Keeps words and shelves level with the records: reads what changed, notes its words, says which
//! texts are to be found.
//!
//! One reader at a time; whoever comes meanwhile waits for it and then finds nothing left to do.
//! Invariant: `position` moves only after a page is on the shelves, that of the text index after the
//! page is in it, so a failure or a caller that goes away costs a repeat, never a gap. The shelves
//! begin at 0 in every life. A text index that outlived a restart is given only what it does not
//! have; one that is ahead of the records themselves (a restored backup) is emptied first; one that
//! fails is left behind, and read for again later.
//!
//! A change log keeps the last change of a memory alone, so a text is known to have been read only up
//! to where nothing was left to read: `level`, of the shelves and of the text index.

use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use appliance_core::{
    Memory, MemoryId, StoreError, UserId,
    ports::{
        Change, Changed, Embedder, Memories, TakenOut, TextChanges, TextEntry, TextFault, TextIndex,
    },
};
use appliance_phrases::utterance;
use tokio::sync::Mutex;

use super::{
    outage::Outage,
    row::Row,
    shelf::Shelf,
    vocabulary::{Vocabulary, telling},
};

/// Changes read at a time: a few milliseconds of work.
const PAGE: usize = 256;

/// Changes that an index of words may lack and still answer for the vectors.
const MOST_BEHIND: u64 = 2_000;

/// Words that are embedded at a time.
const WORDS_AT_ONCE: usize = 1_024;

/// What the follower keeps beside the text index.
#[derive(Debug)]
pub(crate) struct Known {
    pub vocabulary: Vocabulary,
    pub shelves: HashMap<UserId, Shelf>,
}

/// The follower: records in; texts, words and shelves out.
#[derive(Debug)]
pub(crate) struct Follower {
    memories: Arc<dyn Memories>,
    pub(crate) words: Arc<dyn Embedder>,
    pub(crate) texts: OnceLock<Arc<dyn TextIndex>>,
    pub(crate) texts_outage: Outage,
    learns_words: AtomicBool,
    known: RwLock<Known>,
    position: AtomicU64,
    /// Every text that was new up to here came to a shelf.
    level: AtomicU64,
    /// Every text that was new up to here came to the text index, in this life.
    texts_level: AtomicU64,
    turn: Mutex<()>,
}

impl Follower {
    pub(crate) fn new(memories: Arc<dyn Memories>, words: Arc<dyn Embedder>) -> Self {
        let vocabulary = Vocabulary::new(words.dim());
        Self {
            memories,
            words,
            texts: OnceLock::new(),
            texts_outage: Outage::default(),
            learns_words: true.into(),
            known: RwLock::new(Known { vocabulary, shelves: HashMap::new() }),
            position: AtomicU64::new(0),
            level: AtomicU64::new(0),
            texts_level: AtomicU64::new(0),
            turn: Mutex::default(),
        }
    }

    /// Says whether words get vectors, which only the likeness of words needs.
    pub(crate) fn learn_words(&self, learns: bool) {
        self.learns_words.store(learns, Ordering::Relaxed);
    }

    /// Returns once everything committed before the call is on the shelves, and in the text index
    /// unless that is away; tells `heard` of each live memory that came by.
    pub(crate) async fn level(
        &self,
        heard: impl Fn(u64, &Memory) + Send + Sync,
    ) -> Result<u64, StoreError> {
        let goal = self.memories.latest();
        if self.from() >= goal {
            return Ok(goal);
        }
        let _turn = self.turn.lock().await;
        self.empty_what_is_ahead(goal).await;
        while self.from() < goal {
            let page = self.memories.since(self.from(), PAGE).await?;
            let last = page.last().map_or(goal, |change| change.position); // the rest moved on
            self.take_texts(&page, last).await?;
            self.note(&page, last, &heard).await;
            if page.len() < PAGE {
                self.is_level_at(last);
            }
            tokio::task::yield_now().await;
        }
        Ok(goal)
    }

    /// Notes that nothing was left to read up to `last`.
    fn is_level_at(&self, last: u64) {
        self.level.fetch_max(last, Ordering::AcqRel);
        if self.texts.get().is_some_and(|texts| texts.position() >= last) {
            self.texts_level.fetch_max(last, Ordering::AcqRel);
        }
    }

    /// Has an index of words that could not be written try again, and one that is damaged begin anew.
    pub(crate) async fn mend(&self) {
        let Some(texts) = self.texts.get() else { return };
        match texts.fault() {
            // It says itself what is wrong, and when it is mended.
            Some(TextFault::Behind(_)) => drop(texts.flush(TakenOut::MayStay).await),
            Some(TextFault::Damaged(_)) => {
                let _turn = self.turn.lock().await; // whoever gives it something gave it to the old one
                self.notice(texts.clear().await);
            }
            Some(TextFault::Filling(_)) | None => {}
        }
    }

    /// Tells how much there is to be read yet, for the shelves and for the index of words.
    pub(crate) fn behind(&self, latest: u64) -> (u64, u64) {
        let texts = self.texts_at_work().map_or(latest, |texts| texts.position());
        (latest.saturating_sub(self.position()), latest.saturating_sub(texts))
    }

    /// Tells whether the index of words has most of what there is.
    pub(crate) fn has_words(&self, latest: u64) -> bool {
        let behind = |texts: &Arc<dyn TextIndex>| latest.saturating_sub(texts.position());
        self.texts_at_work().is_some_and(|texts| behind(texts) <= MOST_BEHIND)
    }

    /// Returns what is known just now; not to be held across an await.
    pub(crate) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether the shelf has a memory.
    pub(crate) fn has(&self, owner: UserId, id: MemoryId) -> bool {
        self.known().shelves.get(&owner).is_some_and(|shelf| shelf.place(id).is_some())
    }

    /// Returns how many live memories there are, of everybody.
    pub(crate) fn count(&self) -> usize {
        self.known().shelves.values().map(Shelf::len).sum()
    }

    /// Returns up to where the shelves have read.
    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Takes down memories that are on no shelf, for one search.
    pub(crate) async fn rows_of(&self, memories: &[Memory]) -> Vec<Row> {
        let words = self.learn(memories.iter()).await;
        memories.iter().zip(words).map(|(memory, words)| Row::of(memory, words)).collect()
    }

    /// Returns from where there is something left to read.
    fn from(&self) -> u64 {
        match self.texts_at_work() {
            Some(texts) => texts.position().min(self.position()),
            None => self.position(),
        }
    }

    fn texts_at_work(&self) -> Option<&Arc<dyn TextIndex>> {
        self.texts.get().filter(|_| self.texts_outage.pause().is_none())
    }

    async fn empty_what_is_ahead(&self, goal: u64) {
        let Some(texts) = self.texts_at_work() else { return };
        if texts.position() > goal.max(self.memories.latest()) {
            tracing::warn!("the index of words is ahead of the records and is filled again");
            self.notice(texts.clear().await);
        }
    }

    /// Gives the text index what it does not have; one that fails is left behind.
    async fn take_texts(&self, page: &[Change], last: u64) -> Result<(), StoreError> {
        let Some(texts) = self.texts_at_work() else { return Ok(()) };
        if texts.position() >= last {
            return Ok(());
        }
        let changes = TextChanges { position: last, ..self.sorted(texts.as_ref(), page).await? };
        self.notice(texts.take_in(changes).await);
        Ok(())
    }

    fn notice(&self, done: Result<(), StoreError>) {
        match done {
            Ok(()) => self.texts_outage.works(),
            Err(why) => drop(self.texts_outage.failed("the index of words", &why)),
        }
    }

    async fn sorted(
        &self,
        texts: &dyn TextIndex,
        page: &[Change],
    ) -> Result<TextChanges, StoreError> {
        let mut changes = TextChanges::default();
        let (from, level) = (texts.position(), self.texts_level.load(Ordering::Acquire));
        for change in page.iter().filter(|change| change.position > from) {
            match &change.now {
                // Only its standing changed: its words need not be taken in again.
                Changed::Live(_) if change.text_at <= level && texts.holds(change.id) => {}
                Changed::Live(memory) => changes.put.push(text_entry(memory)),
                Changed::Archived if texts.holds(change.id) => {}
                Changed::Archived => {
                    let memory = self.memories.get_sound(change.owner, change.id).await?;
                    changes.put.extend(memory.as_ref().map(text_entry));
                }
                Changed::Gone | Changed::Damaged { .. } => changes.gone.push(change.id),
            }
        }
        Ok(changes)
    }

    /// Learns the words of a page and puts its memories on their shelves, or takes them off.
    async fn note(&self, page: &[Change], last: u64, heard: &impl Fn(u64, &Memory)) {
        if last <= self.position() {
            return;
        }
        let new = self.restand(page);
        let words = self.learn(new.iter().copied()).await;
        let rows = new.iter().zip(words).map(|(memory, words)| Row::of(memory, words));
        let rows: Vec<Row> = rows.collect();
        {
            let mut known = self.change();
            for row in rows {
                known.shelves.entry(row.facets.owner).or_default().put(row);
            }
        }
        for change in page {
            if let Changed::Live(memory) = &change.now {
                heard(change.position, memory);
            }
        }
        self.position.store(last, Ordering::Release);
    }

    /// Takes those off their shelves that are not live, and lets those stand as they do now whose text
    /// is there; returns the others.
    fn restand<'a>(&self, page: &'a [Change]) -> Vec<&'a Memory> {
        let level = self.level.load(Ordering::Acquire);
        let (mut known, mut new) = (self.change(), Vec::new());
        for change in page {
            let shelf = known.shelves.entry(change.owner).or_default();
            match &change.now {
                Changed::Live(memory) if change.text_at <= level && shelf.stands(memory) => {}
                Changed::Live(memory) => new.push(memory.as_ref()),
                Changed::Archived | Changed::Gone | Changed::Damaged { .. } => {
                    shelf.take(change.id);
                }
            }
        }
        new
    }

    /// Gives every telling word its place, and what has none yet its vector; returns the places.
    async fn learn(&self, memories: impl Iterator<Item = &Memory>) -> Vec<Box<[u32]>> {
        let words: Vec<Vec<String>> =
            memories.map(|memory| telling(utterance::statement(&memory.text))).collect();
        let places = {
            let mut known = self.change();
            let mut learn = |word: &String| known.vocabulary.learn(word);
            words.iter().map(|words| words.iter().filter_map(&mut learn).collect()).collect()
        };
        if self.learns_words.load(Ordering::Relaxed) {
            self.teach().await;
        }
        places
    }

    /// Gives the words that wait their vectors; while the embedder is away they wait on, and are
    /// found by their letters.
    async fn teach(&self) {
        loop {
            let new = self.known().vocabulary.waiting(WORDS_AT_ONCE);
            let texts: Vec<&str> = new.iter().map(String::as_str).collect();
            if texts.is_empty() {
                return;
            }
            let Ok(vectors) = self.words.embed(&texts).await else { return };
            self.change().vocabulary.teach(&new, &vectors);
        }
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text_entry(memory: &Memory) -> TextEntry {
    TextEntry {
        id: memory.id,
        owner: memory.owner,
        author: memory.provenance.author.clone(),
        text: utterance::statement(&memory.text).to_owned(),
    }
}
