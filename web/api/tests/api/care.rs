//! Looking after memories without the policy: each deed as a batch in the real store. What the real
//! one decides (shares, limits, what cannot be undone) is tested where it lives and end to end.

use std::sync::{Arc, Mutex};

use appliance_core::{
    ActionId, Batch, Collection, Conflict, ConversationId, Deed, IdMint, Memory, MemoryAction,
    MemoryHit, MemoryId, MemoryKind, PageRequest, Signal, SignalId, StoreError, UserId, Write,
    ports::{
        By, CareError, CollectionStats, Correction, Deeds as _, Job, Memories as _, MemoryCare,
        MemoryStats, Purged, Purging, Records as _, TierCounts, Told,
    },
};
use async_trait::async_trait;
use storage_embedded::Store;

/// Does deeds; counts uses and reindexes.
#[derive(Debug)]
pub struct HouseCare {
    store: Arc<Store>,
    mint: IdMint,
    pub used: Mutex<Vec<MemoryId>>,
    pub signals: Mutex<Vec<Told>>,
    pub job: Mutex<Option<Job>>,
}

impl HouseCare {
    pub fn new(store: Arc<Store>, mint: IdMint) -> Self {
        let (used, signals, job) = Default::default();
        Self { store, mint, used, signals, job }
    }

    async fn known(&self, by: &By, id: MemoryId) -> Result<Memory, CareError> {
        self.store.get(by.owner, id).await?.ok_or(CareError::Unknown(id))
    }

    async fn act(&self, by: &By, deed: Deed) -> Result<MemoryAction, CareError> {
        let id = self.mint.next(ActionId::from_uuid);
        let at = self.mint.clock().now();
        let action = MemoryAction { id, owner: by.owner, deed, at, undone_at: None, task_id: None };
        self.apply(by, id.bytes(), Write::ActOnMemory(action.clone())).await?;
        Ok(action)
    }

    async fn apply(&self, by: &By, id: [u8; 16], write: Write) -> Result<(), StoreError> {
        let key = by.cause.key.clone();
        let batch = Batch { key, ids: vec![id], ..Batch::new().write(write) };
        self.store.apply(batch).await.map(drop)
    }

    /// The id under which the cause's key was kept, if it was.
    async fn first(&self, by: &By) -> Result<Option<[u8; 16]>, CareError> {
        let Some(key) = &by.cause.key else { return Ok(None) };
        Ok(self.store.first_result(key).await?.map(|first| first.ids[0]))
    }

    async fn first_deed(&self, by: &By) -> Result<Option<MemoryAction>, CareError> {
        let Some(id) = self.first(by).await? else { return Ok(None) };
        Ok(self.store.action(by.owner, ActionId::from_bytes(id)).await?)
    }
}

#[async_trait]
impl MemoryCare for HouseCare {
    async fn forget(&self, by: &By, ids: Vec<MemoryId>) -> Result<MemoryAction, CareError> {
        if let Some(before) = self.first_deed(by).await? {
            return Ok(before);
        }
        for id in &ids {
            self.known(by, *id).await?;
        }
        self.act(by, Deed::Forget { ids }).await
    }

    async fn correct(
        &self,
        by: &By,
        correction: Correction,
    ) -> Result<(Memory, MemoryAction), CareError> {
        if let Some(before) = self.first_deed(by).await? {
            let Deed::Correct { new, .. } = &before.deed else { panic!("{before:?}") };
            return Ok(((**new).clone(), before));
        }
        let Correction { old, text, provenance, .. } = correction;
        self.known(by, old).await?;
        let (id, at) = (self.mint.next(MemoryId::from_uuid), self.mint.clock().now());
        let new = Memory::new(id, by.owner, MemoryKind::Note, text, provenance, at);
        let action = self.act(by, Deed::Correct { old, new: Box::new(new.clone()) }).await?;
        Ok((self.store.get(by.owner, id).await?.unwrap_or(new), action))
    }

    async fn pin(&self, by: &By, id: MemoryId, pinned: bool) -> Result<MemoryAction, CareError> {
        if let Some(before) = self.first_deed(by).await? {
            return Ok(before);
        }
        self.known(by, id).await?;
        self.act(by, Deed::Pin { id, pinned }).await
    }

    async fn undo(&self, by: &By, action: Option<ActionId>) -> Result<MemoryAction, CareError> {
        if let Some(before) = self.first_deed(by).await? {
            return Ok(before);
        }
        let found = match action {
            Some(id) => self.store.action(by.owner, id).await?,
            None => {
                let page = self.store.actions(by.owner, PageRequest::new(100, None)).await?;
                page.items.into_iter().find(|action| action.undone_at.is_none())
            }
        };
        let action = found.ok_or(CareError::NothingToUndo)?;
        let at = self.mint.clock().now();
        let write = Write::UndoMemoryAction { id: action.id, owner: by.owner, at };
        match self.apply(by, action.id.bytes(), write).await {
            Err(no) if matches!(no.as_conflict(), Some(Conflict::AlreadyUndone(_))) => {
                Err(CareError::NothingToUndo)
            }
            Err(no) => Err(no.into()),
            Ok(_) => Ok(MemoryAction { undone_at: Some(at), ..action }),
        }
    }

    async fn signal(&self, by: &By, told: Told) -> Result<Signal, CareError> {
        if let Some(id) = self.first(by).await? {
            let before = self.store.signal(by.owner, SignalId::from_bytes(id)).await?;
            return Ok(before.unwrap());
        }
        let signal = Signal {
            id: self.mint.next(SignalId::from_uuid),
            owner: by.owner,
            kind: told.kind,
            strength: told.strength,
            rating: told.rating,
            comment: told.comment.clone(),
            task_id: told.task_id,
            message_id: told.message_id,
            memories: Vec::new(),
            moved: 0,
            at: self.mint.clock().now(),
        };
        self.apply(by, signal.id.bytes(), Write::PutSignal(signal.clone())).await?;
        self.signals.lock().unwrap().push(told);
        Ok(signal)
    }

    async fn used(&self, _: UserId, hits: &[MemoryHit]) {
        self.used.lock().unwrap().extend(hits.iter().map(|hit| hit.memory.id));
    }

    async fn stats(&self, _: UserId) -> Result<MemoryStats, CareError> {
        let tiers = |hot| TierCounts { hot: [(None, hot)].into(), ..TierCounts::default() };
        let of = |collection| CollectionStats {
            collection,
            model: "static".to_owned(),
            dim: 256,
            memories: 0,
        };
        Ok(MemoryStats {
            mine: tiers(1),
            all: tiers(3),
            hot_limit: 1_000,
            warm_limit: 50_000,
            cold_limit_bytes: 100,
            collections: Collection::ALL.map(of).into(),
            job: self.job.lock().unwrap().clone(),
        })
    }

    async fn reindex(&self, by: &By) -> Result<Job, CareError> {
        if self.first(by).await?.is_some() {
            return Ok(self.job.lock().unwrap().clone().unwrap());
        }
        if by.cause.key.is_some() {
            let batch = Batch { key: by.cause.key.clone(), ids: vec![[0; 16]], ..Batch::new() };
            self.store.apply(batch).await?;
        }
        let mut job = self.job.lock().unwrap();
        if job.is_some() {
            return Err(CareError::Busy("reindex"));
        }
        let begun = Job {
            name: "reindex".to_owned(),
            doing: "reading".to_owned(),
            done: 0,
            total: 1,
            ended: false,
            failed: false,
        };
        Ok(job.insert(begun).clone())
    }

    async fn maintain(&self, _: &By) -> Result<Job, CareError> {
        let (name, doing) = ("maintenance".to_owned(), "about to begin".to_owned());
        let begun = Job { name, doing, done: 0, total: 0, ended: false, failed: false };
        Ok(self.job.lock().unwrap().insert(begun).clone())
    }
}

#[async_trait]
impl Purging for HouseCare {
    async fn purge_memories(&self, by: &By, ids: Vec<MemoryId>) -> Result<Purged, CareError> {
        let write = Write::PurgeMemories { owner: by.owner, ids };
        let applied = self.store.apply(Batch::new().write(write)).await?;
        Ok(Purged { memories: applied.memories, untraced: applied.untraced })
    }

    async fn purge_conversation(&self, by: &By, id: ConversationId) -> Result<Purged, CareError> {
        let write = Write::PurgeConversation { id, owner: by.owner };
        let applied = self.store.apply(Batch::new().write(write)).await?;
        Ok(Purged { memories: applied.memories, untraced: applied.untraced })
    }
}
