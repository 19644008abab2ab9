//! The text index: which memories of one owner have a question's words, ranked by BM25.
//!
//! tantivy with English stemming and stop words behind [`TextIndex`](ports::TextIndex). What is put
//! in is searched at once from a tail in memory and committed some hundred at a time. In memory ([`TextIndex::in_memory`]), or in a folder that a restart goes on from
//! ([`TextIndex::open`]). The folder is derived: one that is damaged, or written by another version,
//! is emptied and filled again from the records.
//!
//! Rarity of words is counted over all owners of the process; what is found is one owner's only.
//! Invariant: `ids` names exactly the texts that are in, committed or waiting.

mod fields;
mod open;
mod query;
mod tail;

use std::{
    collections::HashSet,
    fmt,
    sync::{
        PoisonError, RwLock, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use appliance_core::{
    ErrorKind, MemoryId, SearchFilter, StoreError, UserId,
    ports::{self, TextEntry},
};
use async_trait::async_trait;
use tantivy::{IndexReader, IndexWriter, TantivyError};

pub use open::{OpenError, Opened};

use fields::Fields;
use tail::Tail;

/// Memory that texts may take while they are committed: tantivy's least.
const WRITER_BYTES: usize = 15_000_000;

/// Texts that wait before they are committed together.
const WAITING: usize = 256;

/// A [`ports::TextIndex`] over tantivy.
pub struct TextIndex {
    fields: Fields,
    words: tantivy::tokenizer::TextAnalyzer,
    state: RwLock<State>,
    position: AtomicU64,
    count: AtomicUsize,
}

/// What changes.
struct State {
    writer: IndexWriter,
    reader: IndexReader,
    ids: HashSet<MemoryId>,
    tail: Tail,
}

impl fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, position) = (&self.count, &self.position);
        let mut shown = f.debug_struct("TextIndex");
        shown.field("count", count).field("position", position).finish_non_exhaustive()
    }
}

impl State {
    /// Moves what waits into the index.
    fn commit(&mut self, fields: Fields, position: u64) -> Result<(), TantivyError> {
        let (gone, added) = self.tail.changes();
        for id in gone {
            self.writer.delete_term(fields.id_term(*id));
        }
        for entry in added {
            self.writer.add_document(fields.document(entry))?;
        }
        self.finish(position)
    }

    fn finish(&mut self, position: u64) -> Result<(), TantivyError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&open::payload(position));
        commit.commit()?;
        self.reader.reload()?;
        self.tail = Tail::default();
        Ok(())
    }
}

impl TextIndex {
    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, entries: Vec<TextEntry>) -> Result<(), TantivyError> {
        let mut state = self.change();
        let mut words = self.words.clone();
        let mut position = self.position.load(Ordering::Acquire);
        for entry in entries {
            position = position.max(entry.seq);
            let known = !state.ids.insert(entry.id);
            state.tail.put(entry, &mut words, known);
        }
        if state.tail.len() > WAITING {
            state.commit(self.fields, position)?;
        }
        self.position.store(position, Ordering::Release);
        self.count.store(state.ids.len(), Ordering::Release);
        Ok(())
    }

    fn take(&self, ids: &[MemoryId]) {
        let mut state = self.change();
        for id in ids {
            if state.ids.remove(id) {
                state.tail.take(*id);
            }
        }
        self.count.store(state.ids.len(), Ordering::Release);
    }

    fn empty(&self) -> Result<(), TantivyError> {
        let mut state = self.change();
        state.writer.delete_all_documents()?;
        state.finish(0)?;
        state.ids.clear();
        self.position.store(0, Ordering::Release);
        self.count.store(0, Ordering::Release);
        Ok(())
    }
}

#[async_trait]
impl ports::TextIndex for TextIndex {
    async fn upsert(&self, entries: Vec<TextEntry>) -> Result<(), StoreError> {
        self.put(entries).map_err(|why| failed("texts.upsert", why))
    }

    async fn delete(&self, ids: &[MemoryId]) -> Result<(), StoreError> {
        self.take(ids);
        Ok(())
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.empty().map_err(|why| failed("texts.clear", why))
    }

    async fn search(
        &self,
        owner: UserId,
        query: &str,
        filter: &SearchFilter,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.find(owner, query, filter, k).map_err(|why| failed("texts.search", why))
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

fn failed(op: &'static str, why: TantivyError) -> StoreError {
    StoreError::new(ErrorKind::Unavailable, op, why)
}
