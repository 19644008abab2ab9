//! [`TextIndex`]: the port over the state, one writer at a time, where writing may block.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    ErrorKind, MemoryId, StoreError, UserId,
    ports::{self, TakenOut, TextChanges},
};
use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;
use tantivy::{TantivyError, tokenizer::TextAnalyzer};

use super::state::State;

/// Taking changes in, which commits now and then.
const WRITE: TaskKind = TaskKind::new("texts.write");

/// How often it is tried to write files anew that hold deleted texts, and the pause between.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// A [`ports::TextIndex`] over tantivy.
#[derive(Debug)]
pub struct TextIndex {
    pub(super) inner: Arc<Inner>,
    tasks: Tasks,
}

/// What the writing thread shares with searches.
pub(super) struct Inner {
    pub words: TextAnalyzer,
    state: RwLock<State>,
    position: AtomicU64,
    count: AtomicUsize,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, position) = (&self.count, &self.position);
        let mut shown = f.debug_struct("Inner");
        shown.field("count", count).field("position", position).finish_non_exhaustive()
    }
}

impl TextIndex {
    pub(super) fn over(state: State, words: TextAnalyzer, tasks: Tasks) -> Self {
        let (position, count) = (state.committed().into(), state.ids.len().into());
        let inner = Inner { words, state: RwLock::new(state), position, count };
        Self { inner: Arc::new(inner), tasks }
    }

    /// Writes on a thread that may wait for the disk.
    async fn write(
        &self,
        op: &'static str,
        work: impl FnOnce(&Inner) -> Result<(), TantivyError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        match self.tasks.blocking(WRITE, move || work(&inner)).await {
            Ok(done) => done.map_err(|why| failed(op, why)),
            Err(lost) => Err(StoreError::new(ErrorKind::Unavailable, op, lost)),
        }
    }
}

impl Inner {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes changes into the tail, then moves on, unless too much waits: whoever feeds the index
    /// then gives the same again.
    fn take(&self, changes: TextChanges) -> Result<(), TantivyError> {
        let mut state = self.change();
        let mut words = self.words.clone();
        for id in changes.gone {
            state.take(id)?;
        }
        for entry in changes.put {
            state.put(entry, &mut words)?;
        }
        self.count.store(state.ids.len(), Ordering::Release);
        let position = self.position.load(Ordering::Acquire).max(changes.position);
        state.settle(position)?;
        self.position.store(position, Ordering::Release);
        Ok(())
    }

    fn flush(&self, taken_out: TakenOut) -> Result<(), TantivyError> {
        let position = self.position.load(Ordering::Acquire);
        self.change().flush(position)?;
        if taken_out == TakenOut::MustGo { self.expunge() } else { Ok(()) }
    }

    /// Leaves nothing in the files of what was taken out. Searches go on while they are written; a
    /// merge that is under way by itself is waited for.
    fn expunge(&self) -> Result<(), TantivyError> {
        let mut refused = None;
        for _ in 0..TRIES {
            let Some(merging) = self.change().begin_expunging()? else { return Ok(()) };
            match merging.wait() {
                Ok(_) => refused = None,
                Err(why) => {
                    std::thread::sleep(PAUSE);
                    refused = Some(why);
                }
            }
            self.change().read_anew()?;
        }
        refused.map_or(Ok(()), Err)
    }

    fn empty(&self) -> Result<(), TantivyError> {
        let mut state = self.change();
        state.clear()?;
        self.position.store(0, Ordering::Release);
        self.count.store(0, Ordering::Release);
        Ok(())
    }
}

#[async_trait]
impl ports::TextIndex for TextIndex {
    async fn take_in(&self, changes: TextChanges) -> Result<(), StoreError> {
        self.write("texts.take_in", |inner| inner.take(changes)).await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.write("texts.clear", Inner::empty).await
    }

    async fn search(
        &self,
        owner: UserId,
        query: &str,
        k: usize,
    ) -> Result<Vec<(MemoryId, f32)>, StoreError> {
        self.inner.find(owner, query, k).map_err(|why| failed("texts.search", why))
    }

    fn holds(&self, id: MemoryId) -> bool {
        self.inner.read().ids.contains(&id)
    }

    async fn flush(&self, taken_out: TakenOut) -> Result<(), StoreError> {
        self.write("texts.flush", move |inner| inner.flush(taken_out)).await
    }

    fn fault(&self) -> Option<String> {
        self.inner.read().fault()
    }

    fn position(&self) -> u64 {
        self.inner.position.load(Ordering::Acquire)
    }

    fn count(&self) -> usize {
        self.inner.count.load(Ordering::Acquire)
    }
}

fn failed(op: &'static str, why: TantivyError) -> StoreError {
    StoreError::new(ErrorKind::Unavailable, op, why)
}
