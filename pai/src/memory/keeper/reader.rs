//! Reads memories out of RAM where they are hot, and out of the records where they are not.
//!
//! Stands before the records for whoever reads the texts of hits. It follows the changes: its own
//! catching up reads them, and so does every index that follows them through it. Moves nothing; what
//! the hot tier had no room for is kept in a list for the keeper, who makes it warm.
//!
//! Invariant: RAM is asked only while every change committed so far is in it, so that nothing older
//! than the records and nothing forgotten is shown; at any other moment the records are asked.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use appliance_core::{
    ActionId, AgentName, Memory, MemoryAction, MemoryId, MemoryTier, Page, PageRequest,
    SearchFilter, Signal, SignalId, StoreError, Timestamp, UserId,
    ports::{Change, Changed, Deeds, HotTier, Memories, MemoryTiers},
};
use async_trait::async_trait;
use tokio::sync::{Mutex as Turn, Notify};

use super::PAGE;

/// Most evicted memories that are listed; those beyond are found by a run of the maintenance.
const MOST_EVICTED: usize = 50_000;

/// Answers [`Memories`] from the hot tier first.
#[derive(Debug)]
pub struct Reader {
    inner: Arc<dyn Memories>,
    tiers: Arc<dyn MemoryTiers>,
    hot: Arc<dyn HotTier>,
    filled: AtomicBool,
    position: AtomicU64,
    evicted: Mutex<BTreeSet<MemoryId>>,
    crowded: Notify,
    turn: Turn<()>,
}

impl Reader {
    /// Joins the three. Reads the records alone until it is [filled](Self::fill).
    #[must_use]
    pub fn new(
        inner: Arc<dyn Memories>,
        tiers: Arc<dyn MemoryTiers>,
        hot: Arc<dyn HotTier>,
    ) -> Self {
        let (filled, position) = (AtomicBool::new(false), AtomicU64::new(0));
        Self {
            inner,
            tiers,
            hot,
            filled,
            position,
            evicted: Mutex::default(),
            crowded: Notify::new(),
            turn: Turn::default(),
        }
    }

    /// Puts the newest `per_agent` hot memories of each agent into RAM; returns how many that were.
    ///
    /// # Errors
    /// Those of the records; reading goes on without RAM then.
    pub async fn fill(&self, per_agent: usize) -> Result<usize, StoreError> {
        let _turn = self.turn.lock().await;
        let goal = self.inner.latest();
        let newest = self.newest(per_agent).await?;
        let mut count = 0;
        for (owner, id) in newest {
            let found = self.inner.get_sound(owner, id).await?;
            let Some(memory) = found.filter(|memory| memory.tier == MemoryTier::Hot) else {
                continue;
            };
            self.put(memory).await?;
            count += 1;
        }
        self.position.fetch_max(goal, Ordering::AcqRel);
        self.filled.store(true, Ordering::Release);
        Ok(count)
    }

    /// Returns once everything committed before the call is in RAM as it is now.
    ///
    /// # Errors
    /// Those of the records and of the hot tier; a later call goes on.
    pub async fn sync(&self) -> Result<(), StoreError> {
        if !self.is_filled() || self.is_level() {
            return Ok(());
        }
        let goal = self.inner.latest();
        let _turn = self.turn.lock().await;
        while self.position() < goal {
            let page = self.inner.since(self.position(), PAGE).await?;
            self.take_in(&page, goal).await?;
        }
        Ok(())
    }

    /// Tells whether it has been filled since the start.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// Returns hits and misses of the hot tier since the start.
    #[must_use]
    pub fn hits(&self) -> (u64, u64) {
        self.hot.hits()
    }

    /// Takes up to `limit` of the memories that the hot tier had no room for.
    pub(super) fn take_evicted(&self, limit: usize) -> Vec<MemoryId> {
        let mut evicted = self.evicted();
        (0..limit).map_while(|_| evicted.pop_first()).collect()
    }

    /// Returns when more was evicted than is listed.
    pub(super) async fn is_crowded(&self) {
        self.crowded.notified().await;
    }

    /// Returns the newest hot memories of each agent, in the order of arrival.
    async fn newest(&self, per_agent: usize) -> Result<Vec<(UserId, MemoryId)>, StoreError> {
        let mut newest: HashMap<Option<AgentName>, VecDeque<_>> = HashMap::new();
        let mut place = 0;
        loop {
            let page = self.tiers.residents(MemoryTier::Hot, place, PAGE).await?;
            let Some(last) = page.last() else { break };
            place = last.place;
            for resident in page {
                let of_agent = newest.entry(resident.agent).or_default();
                of_agent.push_back((resident.owner, resident.id));
                if of_agent.len() > per_agent {
                    self.evict(of_agent.pop_front().map(|(_, id)| id));
                }
            }
        }
        Ok(newest.into_values().flatten().collect())
    }

    /// Takes in a page of changes that begins where the last one ended, or before; an empty one goes
    /// up to `goal`, read before it. To be called by whoever has the turn.
    async fn take_in(&self, page: &[Change], goal: u64) -> Result<(), StoreError> {
        let from = self.position();
        for change in page.iter().filter(|change| change.position > from) {
            match &change.now {
                Changed::Live(memory) if memory.tier == MemoryTier::Hot => {
                    self.put(Memory::clone(memory)).await?;
                }
                Changed::Live(_) | Changed::Archived | Changed::Gone | Changed::Damaged { .. } => {
                    self.hot.take(change.id).await?;
                }
            }
        }
        let end = page.last().map_or(goal, |change| change.position);
        self.position.fetch_max(end, Ordering::AcqRel);
        Ok(())
    }

    async fn put(&self, memory: Memory) -> Result<(), StoreError> {
        let evicted = self.hot.put(memory).await?;
        self.evict(evicted);
        Ok(())
    }

    fn evict(&self, ids: impl IntoIterator<Item = MemoryId>) {
        let mut evicted = self.evicted();
        for id in ids {
            if evicted.len() < MOST_EVICTED {
                evicted.insert(id);
            } else {
                self.crowded.notify_one();
            }
        }
    }

    /// Takes in what another follower has read through this, where it joins on.
    async fn listen(&self, page: &[Change], after: u64, goal: u64) {
        if !self.is_filled() || after > self.position() {
            return;
        }
        let _turn = self.turn.lock().await;
        if let Err(error) = self.take_in(page, goal).await {
            tracing::warn!(%error, "the hot tier is behind; the records are read instead");
        }
    }

    fn is_level(&self) -> bool {
        self.position() >= self.inner.latest()
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    fn evicted(&self) -> MutexGuard<'_, BTreeSet<MemoryId>> {
        self.evicted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Memories for Reader {
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        if self.is_filled() && self.is_level() {
            match self.hot.get(owner, id).await {
                Ok(Some(memory)) => return Ok(Some(memory)),
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    event = "degraded", %error, "the hot tier is away; the records are read instead"
                ),
            }
        }
        self.inner.get(owner, id).await
    }

    async fn list(
        &self,
        owner: UserId,
        filter: &SearchFilter,
        page: PageRequest,
    ) -> Result<Page<Memory>, StoreError> {
        self.inner.list(owner, filter, page).await
    }

    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        let goal = self.inner.latest();
        let page = self.inner.since(after, limit).await?;
        self.listen(&page, after, goal).await;
        Ok(page)
    }

    fn latest(&self) -> u64 {
        self.inner.latest()
    }
}

#[async_trait]
impl Deeds for Reader {
    async fn actions(
        &self,
        owner: UserId,
        page: PageRequest,
    ) -> Result<Page<MemoryAction>, StoreError> {
        self.inner.actions(owner, page).await
    }

    async fn action(
        &self,
        owner: UserId,
        id: ActionId,
    ) -> Result<Option<MemoryAction>, StoreError> {
        self.inner.action(owner, id).await
    }

    async fn done_to(&self, owner: UserId, ids: &[MemoryId]) -> Result<Vec<Memory>, StoreError> {
        self.inner.done_to(owner, ids).await
    }

    async fn signals(&self, owner: UserId, page: PageRequest) -> Result<Page<Signal>, StoreError> {
        self.inner.signals(owner, page).await
    }

    async fn signal(&self, owner: UserId, id: SignalId) -> Result<Option<Signal>, StoreError> {
        self.inner.signal(owner, id).await
    }

    async fn moved_since(&self, owner: UserId, from: Timestamp) -> Result<u64, StoreError> {
        self.inner.moved_since(owner, from).await
    }
}
