//! Keeps the indexes level with the records: reads what is new, embeds it, notes its words.
//!
//! One reader at a time; whoever comes meanwhile waits for it and then finds nothing left to do.
//! Invariant: `position` moves only after a page is in every index, so a failure or a caller that
//! goes away costs a repeat, never a gap. An index of texts that outlived a restart is ahead of
//! `position` and is given only what it does not have; one that is ahead of the records themselves
//! (a restored backup) is emptied first.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use appliance_core::{
    Memory, UserId,
    ports::{Embedder, IndexEntry, Memories, SearchError, TextEntry, TextIndex, VectorIndex},
    utterance,
};
use tokio::sync::Mutex;

use super::{
    shelf::Shelf,
    vocabulary::{Vocabulary, telling},
};

/// Memories read and embedded at a time: a few milliseconds of work.
const PAGE: usize = 256;

/// What the follower keeps beside the indexes.
#[derive(Debug)]
pub(super) struct Known {
    pub vocabulary: Vocabulary,
    pub shelves: HashMap<UserId, Shelf>,
}

/// The follower: records in; vectors, texts and shelves out.
#[derive(Debug)]
pub(super) struct Follower {
    memories: Arc<dyn Memories>,
    embedder: Arc<dyn Embedder>,
    index: Arc<dyn VectorIndex>,
    pub(super) texts: Option<Arc<dyn TextIndex>>,
    pub(super) learns_words: bool,
    known: RwLock<Known>,
    position: AtomicU64,
    turn: Mutex<()>,
}

impl Follower {
    pub(super) fn new(
        memories: Arc<dyn Memories>,
        embedder: Arc<dyn Embedder>,
        index: Arc<dyn VectorIndex>,
    ) -> Self {
        let vocabulary = Vocabulary::new(embedder.dim());
        let known = RwLock::new(Known { vocabulary, shelves: HashMap::new() });
        let (position, turn) = (AtomicU64::new(0), Mutex::new(()));
        let (texts, learns_words) = (None, true);
        Self { memories, embedder, index, texts, learns_words, known, position, turn }
    }

    /// Returns once everything committed before the call is in the indexes.
    pub(super) async fn catch_up(&self) -> Result<(), SearchError> {
        let goal = self.memories.latest();
        if self.position() >= goal {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if let Some(texts) = &self.texts
            && texts.position() > goal.max(self.memories.latest())
        {
            texts.clear().await?;
        }
        while self.position() < goal {
            let page = self.memories.since(self.position(), PAGE).await?;
            let Some(last) = page.last().map(|memory| memory.seq) else {
                self.position.store(goal, Ordering::Release); // the rest is gone from the records
                break;
            };
            self.take_in(page).await?;
            self.position.store(last, Ordering::Release);
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Returns what is known just now; not to be held across an await.
    pub(super) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    async fn take_in(&self, page: Vec<Memory>) -> Result<(), SearchError> {
        self.embed(&page).await?;
        if let Some(texts) = &self.texts {
            let from = texts.position();
            let new = page.iter().filter(|memory| memory.seq > from);
            texts.upsert(new.map(text_entry).collect()).await?;
        }
        self.note(&page).await
    }

    async fn embed(&self, page: &[Memory]) -> Result<(), SearchError> {
        // "please remember that ..." says nothing about the fact: only the fact is compared.
        let texts: Vec<&str> =
            page.iter().map(|memory| utterance::statement(&memory.text)).collect();
        let vectors = self.embedder.embed(&texts).await?;
        let entries = page.iter().zip(vectors).filter_map(|(memory, embedding)| {
            Some(IndexEntry {
                id: memory.id,
                owner: memory.owner,
                tier: memory.tier,
                agent: memory.provenance.agent,
                message_id: memory.provenance.message_id,
                embedding: embedding?,
            })
        });
        Ok(self.index.upsert(entries.collect()).await?)
    }

    /// Learns the words of a page and puts its memories on their shelves.
    async fn note(&self, page: &[Memory]) -> Result<(), SearchError> {
        let words: Vec<Vec<String>> =
            page.iter().map(|memory| telling(utterance::statement(&memory.text))).collect();
        let new: Vec<String> = if self.learns_words {
            let known = self.known();
            let unknown = known.vocabulary.unknown(words.iter().flatten());
            unknown.into_iter().map(str::to_owned).collect()
        } else {
            Vec::new()
        };
        let texts: Vec<&str> = new.iter().map(String::as_str).collect();
        let vectors =
            if texts.is_empty() { Vec::new() } else { self.embedder.embed(&texts).await? };

        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Known { vocabulary, shelves } = &mut *known;
        for (word, vector) in texts.iter().zip(&vectors) {
            vocabulary.learn(word, vector.as_ref());
        }
        for (memory, words) in page.iter().zip(&words) {
            let places = words.iter().filter_map(|word| vocabulary.place(word)).collect();
            shelves.entry(memory.owner).or_default().put(memory, places);
        }
        Ok(())
    }
}

fn text_entry(memory: &Memory) -> TextEntry {
    TextEntry {
        id: memory.id,
        owner: memory.owner,
        seq: memory.seq,
        tier: memory.tier,
        agent: memory.provenance.agent,
        conversation_id: memory.provenance.conversation_id,
        message_id: memory.provenance.message_id,
        author: memory.provenance.author.clone(),
        text: utterance::statement(&memory.text).to_owned(),
    }
}
