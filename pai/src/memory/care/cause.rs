//! Why a deed is done, as its batch carries it: the key that makes a repeat known, the fence, and the
//! ids that its first result is told by. Also when to think a deed over that was overtaken.

use appliance_core::{
    ActionId, Applied, Batch, Conflict, Deed, MemoryAction, MemoryId,
    ports::{By, CareError},
};

use super::Care;

/// Times a deed is tried when what it rests on changes under its hands.
const TRIES: usize = 5;

/// Begins the batch of a deed that is told by `id`.
pub(super) fn begin(by: &By, id: [u8; 16]) -> Batch {
    let told = by.cause.told.iter().map(MemoryId::bytes);
    Batch {
        key: by.cause.key.clone(),
        conditions: by.cause.fence.iter().cloned().collect(),
        ids: std::iter::once(id).chain(told).collect(),
        ..Batch::new()
    }
}

/// Returns the id that a deed's first result is told by.
pub(super) fn first_id(applied: &Applied) -> Result<[u8; 16], CareError> {
    // A key is scoped to its route, so what is under it was kept by `begin`.
    applied.ids.first().copied().ok_or(CareError::NothingToUndo)
}

impl Care {
    /// Returns what the cause's key stands for, if that was done.
    pub(super) async fn first(&self, by: &By) -> Result<Option<Applied>, CareError> {
        let Some(key) = &by.cause.key else { return Ok(None) };
        Ok(self.parts.records.first_result(key).await?)
    }

    /// Tells a deed as it was told the first time.
    pub(super) async fn told(&self, by: &By, applied: &Applied) -> Result<MemoryAction, CareError> {
        let noted = self.noted(by, applied).await?;
        let undone_at = match noted.deed {
            Deed::Forget { .. } | Deed::Pin { .. } => None,
            Deed::Correct { .. } => noted.undone_at,
        };
        Ok(MemoryAction { undone_at, ..noted })
    }

    /// Returns the deed that a first result names, as it stands now.
    pub(super) async fn noted(
        &self,
        by: &By,
        applied: &Applied,
    ) -> Result<MemoryAction, CareError> {
        let id = ActionId::from_bytes(first_id(applied)?);
        let noted = self.parts.memories.action(by.owner, id).await?;
        noted.ok_or(CareError::NothingToUndo)
    }

    /// Keeps the key of what needed no doing: `before` did it already.
    pub(super) async fn keep_key(
        &self,
        by: &By,
        before: MemoryAction,
    ) -> Result<MemoryAction, CareError> {
        if by.cause.key.is_some() {
            self.parts.records.apply(begin(by, before.id.bytes())).await?;
        }
        Ok(before)
    }
}

/// How often a deed may still be thought over.
#[derive(Debug)]
pub(super) struct Tries(usize);

impl Tries {
    pub(super) const fn new() -> Self {
        Self(TRIES)
    }

    /// Tells whether to think it over: another deed was first, and it was not first too often.
    pub(super) fn again(&mut self, error: &CareError) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0 && matches!(error, CareError::Store(lost) if overtaken(lost.as_conflict()))
    }
}

const fn overtaken(conflict: Option<&Conflict>) -> bool {
    use Conflict::{
        AlreadyUndone, CorrectedInTurn, Forgotten, Gone, HoldsNoLonger, PinMoved, SignalsMoved,
    };
    matches!(
        conflict,
        Some(
            AlreadyUndone(_)
                | CorrectedInTurn { .. }
                | Forgotten(_)
                | Gone(_)
                | HoldsNoLonger(_)
                | PinMoved(_)
                | SignalsMoved(_)
        )
    )
}
