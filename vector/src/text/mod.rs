//! The text index: which memories of one owner have a question's words, ranked by BM25.
//!
//! tantivy with English stemming and stop words behind [`TextIndex`](ports::TextIndex). What is put
//! in is searched at once from a tail in memory and committed some hundred at a time, or by
//! [`flush`](ports::TextIndex::flush). In memory ([`TextIndex::in_memory`]), or in a folder that a
//! restart goes on from ([`TextIndex::open`]). The folder is derived: one that is damaged, or written
//! by another version, is emptied and filled again from the records.
//!
//! Rarity of words is counted over all owners of the process; what is found is one owner's only, and
//! narrowed by nothing else. Invariants: `ids` names exactly the texts that are in, committed or
//! waiting; a commit carries the position up to which everything before it is in.

mod fields;
mod open;
mod search;
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
    ErrorKind, MemoryId, StoreError, UserId,
    ports::{self, TextChanges},
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
    /// The position that the last commit carries.
    committed: u64,
}

impl fmt::Debug for TextIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, position) = (&self.count, &self.position);
        let mut shown = f.debug_struct("TextIndex");
        shown.field("count", count).field("position", position).finish_non_exhaustive()
    }
}

impl State {
    /// Moves what waits into the index; what cannot be committed waits on.
    fn commit(&mut self, fields: Fields, position: u64) -> Result<(), TantivyError> {
        let done = self.write(fields).and_then(|()| self.finish(position));
        if done.is_err() {
            // Half of it may be with the writer, and would be there twice after the next try.
            let _ = self.writer.rollback();
        }
        done
    }

    fn write(&mut self, fields: Fields) -> Result<(), TantivyError> {
        let (gone, added) = self.tail.changes();
        for id in gone {
            self.writer.delete_term(fields.id_term(*id));
        }
        for entry in added {
            self.writer.add_document(fields.document(entry))?;
        }
        Ok(())
    }

    fn finish(&mut self, position: u64) -> Result<(), TantivyError> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&open::payload(position));
        commit.commit()?;
        self.reader.reload()?;
        self.tail = Tail::default();
        self.committed = position;
        Ok(())
    }
}

impl TextIndex {
    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, changes: TextChanges) -> Result<(), TantivyError> {
        let mut state = self.change();
        let mut words = self.words.clone();
        for id in changes.gone {
            if state.ids.remove(&id) {
                state.tail.take(id);
            }
        }
        for entry in changes.put {
            let known = !state.ids.insert(entry.id);
            state.tail.put(entry, &mut words, known);
        }
        let position = self.position.load(Ordering::Acquire).max(changes.position);
        self.settle(&mut state, position)
    }

    /// Commits when enough waits, then moves on: a commit that fails leaves the position, so that
    /// whoever feeds the index gives the same again.
    fn settle(&self, state: &mut State, position: u64) -> Result<(), TantivyError> {
        self.count.store(state.ids.len(), Ordering::Release);
        if state.tail.len() > WAITING {
            state.commit(self.fields, position)?;
        }
        self.position.store(position, Ordering::Release);
        Ok(())
    }

    fn write_out(&self) -> Result<(), TantivyError> {
        let mut state = self.change();
        let position = self.position.load(Ordering::Acquire);
        if state.tail.len() == 0 && state.committed == position {
            return Ok(());
        }
        state.commit(self.fields, position)
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
    async fn take_in(&self, changes: TextChanges) -> Result<(), StoreError> {
        self.take(changes).map_err(|why| failed("texts.take_in", why))
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.empty().map_err(|why| failed("texts.clear", why))
    }

    async fn search(
        &self,
        owner: UserId,
        query: &str,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.find(owner, query, k).map_err(|why| failed("texts.search", why))
    }

    fn holds(&self, id: MemoryId) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).ids.contains(&id)
    }

    async fn flush(&self) -> Result<(), StoreError> {
        self.write_out().map_err(|why| failed("texts.flush", why))
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

fn failed(op: &'static str, why: TantivyError) -> StoreError {
    StoreError::new(ErrorKind::Unavailable, op, why)
}
