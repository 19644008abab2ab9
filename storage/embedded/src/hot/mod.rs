//! The hot tier in RAM: whole memories, one least-recently-used list an agent.
//!
//! A cache with a rule: what has to go is told to the caller, who makes it warm. Writes nothing and
//! reads nothing from disk, so losing it loses nothing. Source of the rule: the plan's hot tier.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use appliance_core::{AgentName, Memory, MemoryId, StoreError, UserId, ports::HotTier};
use async_trait::async_trait;
use lru::LruCache;

/// Keeps up to so many memories an agent, and as many that no agent said.
#[derive(Debug)]
pub struct MemoryHotTier {
    per_agent: usize,
    shelves: Mutex<Shelves>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The lists, and which one a memory is in.
#[derive(Debug, Default)]
struct Shelves {
    lists: HashMap<Option<AgentName>, LruCache<MemoryId, Memory>>,
    list_of: HashMap<MemoryId, Option<AgentName>>,
}

impl MemoryHotTier {
    /// Makes an empty one that takes `per_agent` memories an agent; with 0 it keeps nothing.
    #[must_use]
    pub fn new(per_agent: usize) -> Self {
        Self {
            per_agent,
            shelves: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn put(&mut self, memory: Memory, most: usize) -> Vec<MemoryId> {
        let (id, agent) = (memory.id, memory.provenance.agent);
        self.take(id);
        let list = self.lists.entry(agent).or_insert_with(LruCache::unbounded);
        list.put(id, memory);
        self.list_of.insert(id, agent);
        let mut gone = Vec::new();
        while list.len() > most {
            let Some((oldest, _)) = list.pop_lru() else { break };
            self.list_of.remove(&oldest);
            gone.push(oldest);
        }
        gone
    }

    fn get(&mut self, owner: UserId, id: MemoryId) -> Option<Memory> {
        let list = self.lists.get_mut(self.list_of.get(&id)?)?;
        if list.peek(&id)?.owner != owner {
            return None;
        }
        list.get(&id).cloned()
    }

    fn take(&mut self, id: MemoryId) {
        let Some(agent) = self.list_of.remove(&id) else { return };
        if let Some(list) = self.lists.get_mut(&agent) {
            list.pop(&id);
        }
    }
}

#[async_trait]
impl HotTier for MemoryHotTier {
    async fn put(&self, memory: Memory) -> Result<Vec<MemoryId>, StoreError> {
        Ok(self.shelves().put(memory, self.per_agent))
    }

    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        let found = self.shelves().get(owner, id);
        let count = if found.is_some() { &self.hits } else { &self.misses };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(found)
    }

    async fn take(&self, id: MemoryId) -> Result<(), StoreError> {
        self.shelves().take(id);
        Ok(())
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(self.shelves().list_of.len())
    }

    fn hits(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}
