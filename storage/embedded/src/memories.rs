//! The ports [`Memories`] and [`Deeds`] on the store: point reads inline, scans and the archive off
//! the runtime.

use std::sync::{Arc, atomic::Ordering};

use appliance_core::{
    ActionId, Memory, MemoryAction, MemoryId, Page, PageRequest, SearchFilter, Signal, SignalId,
    StoreError, Timestamp, UserId,
    ports::{Change, Deeds, Memories},
};
use appliance_tasks::TaskKind;
use async_trait::async_trait;

use storage_rules::{
    Fault as RuleFault, View, damage,
    memories::{Texts, actions, read, signals},
};

use crate::{Store, cold::Settled};

/// A scan that reads texts, archived ones too.
const READ_TEXTS: TaskKind = TaskKind::new("records.texts");

/// Times a read is tried whose text was moved to another file of the archive under its hands.
const TRIES: usize = 3;

impl Store {
    /// Scans with the archive at hand; begins again on a new view when a text is not where the old
    /// view says.
    async fn scan_texts<T: Send + 'static>(
        &self,
        op: &'static str,
        ask: impl Fn(&dyn View, &dyn Texts) -> Result<T, RuleFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (archive, shared) = (Arc::clone(self.archive()), Arc::clone(self.shared()));
        let read = move || {
            for _ in 1..TRIES {
                let found = shared.read(op, |file| Ok(ask(file, archive.as_ref())))?;
                if !matches!(found, Err(RuleFault::Archive { .. })) {
                    return found.map_err(|fault| fault.at(op));
                }
            }
            shared.read(op, |file| ask(file, &Settled(&archive)))
        };
        self.off(READ_TEXTS, op, read).await
    }
}

#[async_trait]
impl Memories for Store {
    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        const OP: &str = "memories.get";
        let at_once = |file: &dyn View| match read::shown(file, owner, id)? {
            Some(entry) if !read::is_here(&entry) => Ok(None), // it takes the archive
            found => {
                let whole = found.map(|entry| read::whole(file, self.archive().as_ref(), entry));
                whole.transpose().map(Some)
            }
        };
        if let Some(found) = self.read(OP, at_once)? {
            return Ok(found);
        }
        self.scan_texts(OP, move |file, archive| {
            let found = read::shown(file, owner, id)?;
            let whole = found.map(|entry| read::whole(file, archive, entry)).transpose();
            if let Err(fault) = &whole
                && archive.is_settled()
            {
                damage::name(fault, Some(id)).into_iter().for_each(|damaged| file.note(damaged));
            }
            whole
        })
        .await
    }

    async fn list(
        &self,
        owner: UserId,
        filter: &SearchFilter,
        page: PageRequest,
    ) -> Result<Page<Memory>, StoreError> {
        let filter = filter.clone();
        self.scan_texts("memories.list", move |file, archive| {
            read::list(file, archive, owner, &filter, page)
        })
        .await
    }

    async fn since(&self, after: u64, limit: usize) -> Result<Vec<Change>, StoreError> {
        self.scan("memories.since", move |file| read::since(file, after, limit)).await
    }

    fn latest(&self) -> u64 {
        self.shared().latest_memory.load(Ordering::Acquire)
    }
}

#[async_trait]
impl Deeds for Store {
    async fn actions(
        &self,
        owner: UserId,
        page: PageRequest,
    ) -> Result<Page<MemoryAction>, StoreError> {
        self.scan_texts("memories.actions", move |file, archive| {
            actions::list(file, archive, owner, page)
        })
        .await
    }

    async fn action(
        &self,
        owner: UserId,
        id: ActionId,
    ) -> Result<Option<MemoryAction>, StoreError> {
        self.scan_texts("memories.action", move |file, archive| {
            actions::get(file, archive, owner, id)
        })
        .await
    }

    async fn done_to(&self, owner: UserId, ids: &[MemoryId]) -> Result<Vec<Memory>, StoreError> {
        let ids = ids.to_vec();
        self.scan_texts("memories.done_to", move |file, archive| {
            read::those(file, archive, owner, &ids)
        })
        .await
    }

    async fn signals(&self, owner: UserId, page: PageRequest) -> Result<Page<Signal>, StoreError> {
        self.scan("memories.signals", move |file| signals::list(file, owner, page)).await
    }

    async fn signal(&self, owner: UserId, id: SignalId) -> Result<Option<Signal>, StoreError> {
        self.read("memories.signal", |file| signals::get(file, owner, id))
    }

    async fn moved_since(&self, owner: UserId, from: Timestamp) -> Result<u64, StoreError> {
        self.scan("memories.moved_since", move |file| signals::moved_since(file, owner, from)).await
    }
}
