//! Keeping the tree: follows the records and brings the files of `<data>/pai/MEMORY` up to them.
//!
//! Called at the start for everybody and after each piece of work for its owner. Reads what changed
//! since it last looked, so a call that was cut off or failed is made good by the next one. Changes
//! no record, and lets files be that it does not know.

use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::Entry},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex as QuickMutex, PoisonError},
    time::Duration,
};

use appliance_core::{
    ErrorKind, Memory, MemoryId, MemoryKind, PageRequest, Signal, SignalId, StoreError, UserId,
    page::MAX_PAGE,
    ports::{Changed, Memories},
};
use appliance_tasks::{TaskKind, Tasks};
use tokio::sync::{Mutex, Notify};

use super::{
    files::{self, Files},
    lines,
};

/// Reading and writing the tree's files.
const FILES: TaskKind = TaskKind::new("learning.files");

/// Changes read at a time.
const BITE: usize = 500;

/// Pages of signals that are looked through for those that a learning's file shows.
const MOST_PAGES: usize = 50;

/// The pause before a call that failed is made again.
const AGAIN: Duration = Duration::from_secs(60);

/// Why the tree could not be brought up to the records; the next call goes on.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The records cannot be read.
    #[error("while reading what the memory tree is to follow: {0}")]
    Store(#[from] StoreError),
    /// A file cannot be written.
    #[error("while writing below {place}: {source}; free the disk or mend its rights")]
    File {
        /// The tree's root.
        place: String,
        /// What the system says.
        source: io::Error,
    },
}

/// The tree.
#[derive(Debug)]
pub struct Tree {
    root: Arc<PathBuf>,
    tasks: Tasks,
    state: Mutex<State>,
    /// Whose work has ended since [`run`](Tree::run) last looked.
    nudged: QuickMutex<BTreeSet<UserId>>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the files that are there were looked at.
    read: bool,
    /// The change up to which learnings are followed.
    position: u64,
    owners: BTreeSet<UserId>,
    files: Files,
    /// Learnings that the records have, while they are looked through for the first time.
    seen: Option<HashSet<MemoryId>>,
    noted: HashSet<SignalId>,
}

impl Tree {
    /// Describes the tree below a data directory; touches nothing.
    #[must_use]
    pub fn new(data_dir: &Path, tasks: Tasks) -> Self {
        let root = data_dir.join("pai").join("MEMORY");
        let (state, nudged, wake) = (Mutex::default(), QuickMutex::default(), Notify::new());
        Self { root: Arc::new(root), tasks, state, nudged, wake }
    }

    /// Returns where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Says that there is something new of `owner`; [`run`](Self::run) writes it.
    pub fn nudge(&self, owner: UserId) {
        self.nudged.lock().unwrap_or_else(PoisonError::into_inner).insert(owner);
        self.wake.notify_one();
    }

    /// Keeps the tree until `stop`: catches up, then writes whenever it is nudged. What fails is
    /// logged and tried again; a write in hand when it stops is finished or made good at the start.
    pub async fn run(&self, memories: &dyn Memories, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.keep(memories) => {}
        }
    }

    async fn keep(&self, memories: &dyn Memories) {
        let mut behind = self.catch_up(memories).await;
        loop {
            if let Err(error) = &behind {
                tracing::warn!(event = "degraded", %error, "the memory tree is behind the records");
                tokio::time::sleep(AGAIN).await;
                behind = self.catch_up(memories).await;
                continue;
            }
            self.wake.notified().await;
            let nudged =
                std::mem::take(&mut *self.nudged.lock().unwrap_or_else(PoisonError::into_inner));
            for owner in nudged {
                behind = behind.and(self.note(memories, owner).await);
            }
        }
    }

    /// Brings everything up to the records, for the start.
    ///
    /// # Errors
    /// As [`TreeError`] tells.
    pub async fn catch_up(&self, memories: &dyn Memories) -> Result<(), TreeError> {
        let mut state = self.state.lock().await;
        self.follow(&mut state, memories).await?;
        for owner in state.owners.clone() {
            self.note_signals(&mut state, memories, owner).await?;
        }
        Ok(())
    }

    /// Brings learnings and the signals of `owner` up to the records, at once.
    ///
    /// # Errors
    /// As [`catch_up`](Self::catch_up).
    pub async fn note(&self, memories: &dyn Memories, owner: UserId) -> Result<(), TreeError> {
        let mut state = self.state.lock().await;
        self.follow(&mut state, memories).await?;
        self.note_signals(&mut state, memories, owner).await
    }

    /// Brings everything up to the records, and takes people's words out of lines whose signals have
    /// none any more, because what they were said about was purged.
    ///
    /// # Errors
    /// As [`catch_up`](Self::catch_up).
    pub async fn let_go(&self, memories: &dyn Memories) -> Result<(), StoreError> {
        self.leave_nothing(memories).await.map_err(|error| match error {
            TreeError::Store(error) => error,
            error @ TreeError::File { .. } => {
                StoreError::new(ErrorKind::Unavailable, "learning.tree", error)
            }
        })
    }

    async fn leave_nothing(&self, memories: &dyn Memories) -> Result<(), TreeError> {
        self.catch_up(memories).await?;
        let _turn = self.state.lock().await;
        let mut silent = HashSet::new();
        for (owner, id) in self.disk(lines::worded).await? {
            let signal = memories.signal(owner, id).await?;
            if signal.is_none_or(|signal| signal.comment.is_none()) {
                silent.insert(id);
            }
        }
        if silent.is_empty() {
            return Ok(());
        }
        self.disk(move |root| lines::silence(root, &silent)).await
    }

    async fn follow(&self, state: &mut State, memories: &dyn Memories) -> Result<(), TreeError> {
        self.read(state).await?;
        let mut told = HashMap::new();
        while memories.latest() > state.position {
            let changes = memories.since(state.position, BITE).await?;
            let Some(last) = changes.last().map(|change| change.position) else { break };
            for change in changes {
                state.owners.insert(change.owner);
                if let Some(seen) = &mut state.seen
                    && !matches!(change.now, Changed::Gone)
                {
                    seen.insert(change.id);
                }
                match change.now {
                    Changed::Live(memory) if memory.kind == MemoryKind::Learning => {
                        self.write(state, memories, &memory, &mut told).await?;
                    }
                    Changed::Gone => self.remove(state, change.id).await?,
                    Changed::Live(_) | Changed::Archived | Changed::Damaged { .. } => {}
                }
            }
            state.position = last;
        }
        self.sweep(state).await
    }

    /// Removes, once, the files of memories that the records do not have: purged, or of other records.
    async fn sweep(&self, state: &mut State) -> Result<(), TreeError> {
        let Some(seen) = &state.seen else { return Ok(()) };
        let lost: Vec<MemoryId> = state.files.ids().filter(|id| !seen.contains(id)).collect();
        for id in lost {
            self.remove(state, id).await?;
        }
        state.seen = None;
        Ok(())
    }

    /// Looks once at what is there.
    async fn read(&self, state: &mut State) -> Result<(), TreeError> {
        if state.read {
            return Ok(());
        }
        let look = |root: &Path| {
            root.ancestors().take(2).try_for_each(appliance_files::close)?;
            Ok((Files::found(root)?, lines::present(root)?))
        };
        (state.files, state.noted) = self.disk(look).await?;
        if state.position == 0 {
            state.seen = Some(HashSet::new());
        }
        state.read = true;
        Ok(())
    }

    async fn write(
        &self,
        state: &mut State,
        memories: &dyn Memories,
        learning: &Memory,
        told: &mut HashMap<UserId, Vec<Signal>>,
    ) -> Result<(), TreeError> {
        if state.files.is_too_old(learning.id) {
            return Ok(());
        }
        let Some(path) = state.files.place(&self.root, learning) else { return Ok(()) };
        if let Some(known) = state.files.get(learning.id).cloned() {
            if Files::is_misplaced(&known) {
                let to = path.clone();
                self.disk(move |_| files::relocate(&known, &to)).await?;
                state.files.note(learning.id, path);
            }
            return Ok(());
        }
        let told = match told.entry(learning.owner) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unread) => unread.insert(signals_of(memories, learning.owner).await?),
        };
        let about = learning.provenance.message_id;
        let signals = told.iter().filter(|it| about.is_some() && it.message_id == about);
        let (signals, learning): (Vec<_>, _) = (signals.cloned().collect(), learning.clone());
        let id = learning.id;
        let to = path.clone();
        self.disk(move |_| files::write(&to, &learning, &signals)).await?;
        state.files.note(id, path);
        match state.files.surplus() {
            Some(oldest) => self.remove(state, oldest).await,
            None => Ok(()),
        }
    }

    async fn remove(&self, state: &mut State, id: MemoryId) -> Result<(), TreeError> {
        let Some(path) = state.files.get(id).cloned() else { return Ok(()) };
        self.disk(move |_| files::remove(&path)).await?;
        state.files.forget(id);
        Ok(())
    }

    /// Appends the signals that have no line yet, back to a page of which every one has.
    async fn note_signals(
        &self,
        state: &mut State,
        memories: &dyn Memories,
        owner: UserId,
    ) -> Result<(), TreeError> {
        let mut fresh = Vec::new();
        let mut after = None;
        loop {
            let page = memories.signals(owner, PageRequest::new(MAX_PAGE, after)).await?;
            let known = page.items.iter().all(|signal| state.noted.contains(&signal.id));
            fresh.extend(page.items.into_iter().filter(|it| !state.noted.contains(&it.id)));
            after = page.next;
            if known || after.is_none() {
                break;
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        fresh.reverse();
        let ids: Vec<SignalId> = fresh.iter().map(|signal| signal.id).collect();
        let appended = self.disk(move |root| lines::append(root, &fresh)).await;
        // What was cut off in the middle is mended by looking again.
        state.read = appended.is_ok();
        appended?;
        state.noted.extend(ids);
        Ok(())
    }

    async fn disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, TreeError> {
        let root = self.root.clone();
        let done = self.tasks.blocking(FILES, move || work(&root)).await;
        let done = done.unwrap_or_else(|lost| Err(io::Error::other(lost)));
        let place = || self.root.display().to_string();
        done.map_err(|source| TreeError::File { place: place(), source })
    }
}

async fn signals_of(memories: &dyn Memories, owner: UserId) -> Result<Vec<Signal>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let page = memories.signals(owner, PageRequest::new(MAX_PAGE, after)).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}
