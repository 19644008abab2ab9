//! Looking after memories without the policy: each deed as a batch in the real store. What the real
//! one decides (shares, limits, what cannot be undone) is tested where it lives and end to end.

use std::sync::{Arc, Mutex};

use appliance_core::{
    ActionId, Batch, Collection, Deed, ErrorKind, IdMint, Memory, MemoryAction, MemoryHit,
    MemoryId, MemoryKind, PageRequest, Provenance, Signal, SignalId, UserId, Write,
    ports::{
        By, CareError, CollectionStats, Job, Memories as _, MemoryCare, MemoryStats, Records as _,
        TierCounts, Told,
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
        let action = MemoryAction { id, owner: by.owner, deed, at, undone_at: None };
        self.store.apply(Batch::new().write(Write::ActOnMemory(action.clone()))).await?;
        Ok(action)
    }
}

#[async_trait]
impl MemoryCare for HouseCare {
    async fn forget(&self, by: &By, ids: Vec<MemoryId>) -> Result<MemoryAction, CareError> {
        for id in &ids {
            self.known(by, *id).await?;
        }
        self.act(by, Deed::Forget { ids }).await
    }

    async fn correct(
        &self,
        by: &By,
        old: MemoryId,
        text: String,
        provenance: Provenance,
    ) -> Result<(Memory, MemoryAction), CareError> {
        self.known(by, old).await?;
        let (id, at) = (self.mint.next(MemoryId::from_uuid), self.mint.clock().now());
        let new = Memory::new(id, by.owner, MemoryKind::Note, text, provenance, at);
        let action = self.act(by, Deed::Correct { old, new: Box::new(new.clone()) }).await?;
        Ok((new, action))
    }

    async fn pin(&self, by: &By, id: MemoryId, pinned: bool) -> Result<MemoryAction, CareError> {
        self.known(by, id).await?;
        self.act(by, Deed::Pin { id, pinned }).await
    }

    async fn undo(&self, by: &By, action: Option<ActionId>) -> Result<MemoryAction, CareError> {
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
        match self.store.apply(Batch::new().write(write)).await {
            Err(no) if no.kind == ErrorKind::Conflict => Err(CareError::NothingToUndo),
            Err(no) => Err(no.into()),
            Ok(_) => Ok(MemoryAction { undone_at: Some(at), ..action }),
        }
    }

    async fn signal(&self, by: &By, told: Told) -> Result<Signal, CareError> {
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
        self.store.apply(Batch::new().write(Write::PutSignal(signal.clone()))).await?;
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

    async fn reindex(&self, _: &By) -> Result<Job, CareError> {
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
        };
        Ok(job.insert(begun).clone())
    }
}
