//! Looking after memories for people: forget, correct, pin, undo, rate, count.
//!
//! [`Care`] is the one service behind every face (API, command line, MCP, agents). Each deed is one
//! batch: what is done, noted so that it can be undone, with its line in the audit trail. Moves
//! nothing between tiers by age or number; that is the keeper's.
//!
//! Invariant: what a deed rests on is a condition of its batch. One that was overtaken is thought
//! over anew a few times; nothing is held meanwhile. A deed whose key was done before is not done
//! again: its first result is told.

mod audit;
mod board;
mod cause;
mod correct;
mod forget;
mod indexes;
mod limits;
mod pin;
mod purge;
mod signals;
mod stats;
mod undo;
mod uses;
mod utility;

use std::sync::Arc;

use appliance_core::{
    ActionId, Condition, Deed, IdMint, Memory, MemoryAction, MemoryHit, MemoryId, Signal,
    Timestamp, UserId, Write,
    ports::{
        By, CareError, Conversations, Correction, Job, Memories, MemoryCare, MemoryStats,
        MemoryTiers, Records, Told,
    },
};
use async_trait::async_trait;

use crate::learning::Tree;
pub(super) use board::{Board, Running};
pub use indexes::Indexes;
pub use limits::Limits;
pub(super) use uses::Uses;
pub(super) use utility::{ago, before};
pub use utility::{faded, utility};

/// The keeper's job, by name.
pub(super) const MAINTENANCE: &str = "maintenance";

/// What care needs.
#[derive(Debug, Clone)]
pub struct CareParts {
    /// Changes memories.
    pub records: Arc<dyn Records>,
    /// Reads them.
    pub memories: Arc<dyn Memories>,
    /// Counts them, and brings back from the archive what is pinned or used.
    pub tiers: Arc<dyn MemoryTiers>,
    /// Knows which memories an answer cited.
    pub conversations: Arc<dyn Conversations>,
    /// Tells about the indexes and builds them anew.
    pub indexes: Arc<dyn Indexes>,
    /// The files of learnings and signals, where there are any.
    pub tree: Option<Arc<Tree>>,
    /// Makes ids; its clock is the time.
    pub mint: IdMint,
    /// How much there may be.
    pub limits: Limits,
}

/// Looks after memories.
#[derive(Debug)]
pub struct Care {
    parts: CareParts,
    uses: Arc<Uses>,
    board: Arc<Board>,
}

impl Care {
    /// Joins the parts. What it notes of uses is written by the keeper, or by
    /// [`write_uses`](Self::write_uses).
    #[must_use]
    pub fn new(parts: CareParts) -> Self {
        let (records, memories) = (parts.records.clone(), parts.memories.clone());
        let (tiers, clock) = (parts.tiers.clone(), parts.mint.clock().clone());
        let uses = Arc::new(Uses::new(records, memories, tiers, clock));
        Self { parts, uses, board: Arc::default() }
    }

    /// Writes the uses that wait to be written; returns how many.
    ///
    /// # Errors
    /// Those of the store; what waited is then dropped, for it is only counts.
    pub async fn write_uses(&self) -> Result<usize, CareError> {
        Ok(self.uses.write().await?)
    }

    pub(super) fn uses(&self) -> &Arc<Uses> {
        &self.uses
    }

    pub(super) fn board(&self) -> &Arc<Board> {
        &self.board
    }

    pub(super) fn tree(&self) -> Option<&Arc<Tree>> {
        self.parts.tree.as_ref()
    }

    fn now(&self) -> Timestamp {
        self.parts.mint.clock().latest()
    }

    /// Returns the memory if the owner has it and it is not forgotten.
    async fn known(&self, by: &By, id: MemoryId) -> Result<Memory, CareError> {
        self.parts.memories.get(by.owner, id).await?.ok_or(CareError::Unknown(id))
    }

    /// Does `deed` while `conditions` hold: one batch with its audit line.
    async fn act(
        &self,
        by: &By,
        deed: Deed,
        conditions: Vec<Condition>,
    ) -> Result<MemoryAction, CareError> {
        let action = self.action(by, deed, self.now());
        let mut batch = cause::begin(by, action.id.bytes());
        batch.conditions.extend(conditions);
        batch.writes.extend(self.writes(by, &action));
        let applied = self.parts.records.apply(batch).await?;
        if applied.repeated { self.told(by, &applied).await } else { Ok(action) }
    }

    fn action(&self, by: &By, deed: Deed, at: Timestamp) -> MemoryAction {
        let id = self.parts.mint.next(ActionId::from_uuid);
        let task_id = by.cause.task_id;
        MemoryAction { id, owner: by.owner, deed, at, undone_at: None, task_id }
    }

    /// A deed and its line in the trail.
    fn writes(&self, by: &By, action: &MemoryAction) -> [Write; 2] {
        [Write::ActOnMemory(action.clone()), audit::deed(&self.parts.mint, by, action)]
    }
}

#[async_trait]
impl MemoryCare for Care {
    async fn forget(&self, by: &By, ids: Vec<MemoryId>) -> Result<MemoryAction, CareError> {
        self.hide(by, ids).await
    }

    async fn correct(
        &self,
        by: &By,
        correction: Correction,
    ) -> Result<(Memory, MemoryAction), CareError> {
        self.replace(by, correction).await
    }

    async fn pin(&self, by: &By, id: MemoryId, pinned: bool) -> Result<MemoryAction, CareError> {
        self.keep(by, id, pinned).await
    }

    async fn undo(&self, by: &By, action: Option<ActionId>) -> Result<MemoryAction, CareError> {
        self.take_back(by, action).await
    }

    async fn signal(&self, by: &By, told: Told) -> Result<Signal, CareError> {
        self.take_in(by, told).await
    }

    async fn used(&self, owner: UserId, hits: &[MemoryHit]) {
        self.uses.note(owner, hits);
    }

    async fn stats(&self, owner: UserId) -> Result<MemoryStats, CareError> {
        self.count(owner).await
    }

    async fn reindex(&self, by: &By) -> Result<Job, CareError> {
        self.build_anew(by).await
    }

    async fn maintain(&self, by: &By) -> Result<Job, CareError> {
        self.maintain_now(by).await
    }
}
