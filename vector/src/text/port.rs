//! [`TextIndex`]: the port over the state, one writer at a time, where writing may block.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    ErrorKind, MemoryId, StoreError, UserId,
    ports::{self, TakenOut, TextChanges, TextFault},
};
use appliance_tasks::{TaskKind, Tasks};
use async_trait::async_trait;
use tantivy::{TantivyError, tokenizer::TextAnalyzer};
use tokio::time::Instant;

use super::{
    fields,
    ruin::Ruin,
    state::{Place, State},
};

/// Taking changes in, which commits now and then.
const WRITE: TaskKind = TaskKind::new("texts.write");

/// How often it is tried to write files anew that hold deleted texts, and the pause between.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// How often is looked whether the files are still those that were written.
const LOOK: Duration = Duration::from_secs(1);

/// A [`ports::TextIndex`] over tantivy.
#[derive(Debug)]
pub struct TextIndex {
    pub(super) inner: Arc<Inner>,
    tasks: Tasks,
}

/// What the writing thread shares with searches.
pub(super) struct Inner {
    pub words: TextAnalyzer,
    pub ruin: Ruin,
    state: RwLock<State>,
    position: AtomicU64,
    count: AtomicUsize,
    looked: Mutex<Instant>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, position) = (&self.count, &self.position);
        let mut shown = f.debug_struct("Inner");
        shown.field("count", count).field("position", position).finish_non_exhaustive()
    }
}

impl TextIndex {
    pub(super) fn over(state: State, tasks: Tasks) -> Self {
        let (position, count) = (state.committed().into(), state.ids.len().into());
        let (words, ruin, looked) =
            (fields::analyzer(), Ruin::default(), Mutex::new(Instant::now()));
        let inner = Inner { words, ruin, state: RwLock::new(state), position, count, looked };
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
        self.ruin.reached(position);
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

    /// Takes everything out. One that is damaged is given up, and another begun in its place.
    fn empty(&self) -> Result<(), TantivyError> {
        let mut state = self.change();
        if self.ruin.is_fallen() {
            state.give_up();
            let place = state.place().map(Place::anew).transpose()?;
            *state = State::empty(place)?;
            self.ruin.emptied(self.position.load(Ordering::Acquire));
        } else {
            self.ruin.guard(|| state.clear())?;
        }
        self.position.store(0, Ordering::Release);
        self.count.store(0, Ordering::Release);
        Ok(())
    }

    /// Looks now and then whether the files are what they were.
    fn look(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.elapsed() < LOOK || self.ruin.is_fallen() {
            return;
        }
        *looked = Instant::now();
        let changed = self.read().place().and_then(|place| place.files.changed());
        if let Some(why) = changed {
            self.ruin.fell(&why);
        }
    }
}

#[async_trait]
impl ports::TextIndex for TextIndex {
    async fn take_in(&self, changes: TextChanges) -> Result<(), StoreError> {
        self.write("texts.take_in", |inner| inner.ruin.guard(|| inner.take(changes))).await
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
        let found = self.inner.ruin.guard(|| self.inner.find(owner, query, k));
        found.map_err(|why| failed("texts.search", why))
    }

    fn holds(&self, id: MemoryId) -> bool {
        self.inner.read().ids.contains(&id)
    }

    async fn flush(&self, taken_out: TakenOut) -> Result<(), StoreError> {
        let flush = move |inner: &Inner| inner.ruin.guard(|| inner.flush(taken_out));
        self.write("texts.flush", flush).await
    }

    fn fault(&self) -> Option<TextFault> {
        self.inner.look();
        let behind = || self.inner.read().fault().map(TextFault::Behind);
        self.inner.ruin.fault().or_else(behind)
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
