//! Undoing: takes a deed back, for as long as what it forgot is kept.

use appliance_core::{
    ActionId, Conflict, Deed, MemoryAction, Page, PageRequest, Timestamp, UserId, Write,
    page::MAX_PAGE,
    ports::{By, CareError},
};

use super::{
    Care, audit, before,
    cause::{self, Tries},
};

impl Care {
    pub(super) async fn take_back(
        &self,
        by: &By,
        wanted: Option<ActionId>,
    ) -> Result<MemoryAction, CareError> {
        let (mut tries, mut purged) = (Tries::new(), Vec::new());
        loop {
            if let Some(first) = self.first(by).await? {
                return self.noted(by, &first).await;
            }
            let action = self.deed_to_undo(by.owner, wanted, &purged).await?;
            let id = action.id;
            match self.take_back_once(by, action).await {
                Err(error) if tries.again(&error) => {}
                // Of what was purged nothing comes back; what was done before it may.
                Err(error) if is_purged(&error) => purged.push(id),
                done => return done,
            }
        }
    }

    /// Returns the deed that is meant, or the newest that stands but for those in `purged`.
    async fn deed_to_undo(
        &self,
        owner: UserId,
        wanted: Option<ActionId>,
        purged: &[ActionId],
    ) -> Result<MemoryAction, CareError> {
        let action = match wanted {
            Some(id) if purged.is_empty() => self.parts.memories.action(owner, id).await?,
            Some(_) => None,
            None => self.newest_deed(owner, purged).await?,
        };
        let standing = action.filter(|action| action.undone_at.is_none());
        let open = standing.filter(|action| action.at >= self.final_before());
        open.ok_or(CareError::NothingToUndo)
    }

    async fn take_back_once(
        &self,
        by: &By,
        action: MemoryAction,
    ) -> Result<MemoryAction, CareError> {
        self.leaves_one_that_holds(by, &action).await?;

        let (at, owner) = (self.now(), by.owner);
        let batch = cause::begin(by, action.id.bytes())
            .write(Write::UndoMemoryAction { id: action.id, owner, at })
            .write(audit::undone(&self.parts.mint, by, &action));
        let applied = self.parts.records.apply(batch).await?;
        if applied.repeated {
            return self.noted(by, &applied).await;
        }
        // Read again: a repeat tells how what it speaks of stands since.
        let undone = self.parts.memories.action(by.owner, action.id).await?;
        undone.ok_or(CareError::NothingToUndo)
    }

    async fn newest_deed(
        &self,
        owner: UserId,
        purged: &[ActionId],
    ) -> Result<Option<MemoryAction>, CareError> {
        let mut walk = Walk::of(owner);
        while let Some(action) = walk.next(self).await? {
            if action.undone_at.is_none() && !purged.contains(&action.id) {
                return Ok(Some(action));
            }
        }
        Ok(None)
    }

    /// A correction that was itself corrected is undone after its own correction, or two memories
    /// would hold in the place of one.
    async fn leaves_one_that_holds(&self, by: &By, action: &MemoryAction) -> Result<(), CareError> {
        let Deed::Correct { new, .. } = &action.deed else { return Ok(()) };
        let new = self.parts.memories.get(by.owner, new.id).await?;
        let Some(next) = new.and_then(|new| new.standing.superseded_by) else { return Ok(()) };
        Err(CareError::Invalid(format!(
            "what took its place was corrected too, by {next}; undo that correction first"
        )))
    }

    /// Returns the moment before which deeds are final: what they forgot may have been purged.
    fn final_before(&self) -> Timestamp {
        before(self.parts.mint.clock().earliest(), self.parts.limits.forgotten_age)
    }
}

/// Tells whether what was to be brought back is there no more.
fn is_purged(error: &CareError) -> bool {
    let CareError::Store(error) = error else { return false };
    matches!(error.as_conflict(), Some(Conflict::Gone(_)))
}

/// Walks an owner's deeds, newest first, back to those that are final.
#[derive(Debug)]
pub(super) struct Walk {
    owner: UserId,
    page: std::vec::IntoIter<MemoryAction>,
    next: Option<Option<u64>>,
}

impl Walk {
    pub(super) fn of(owner: UserId) -> Self {
        Self { owner, page: Vec::new().into_iter(), next: Some(None) }
    }

    /// Returns the next deed.
    pub(super) async fn next(&mut self, care: &Care) -> Result<Option<MemoryAction>, CareError> {
        loop {
            if let Some(action) = self.page.next() {
                return Ok((action.at >= care.final_before()).then_some(action));
            }
            let Some(after) = self.next else { return Ok(None) };
            let wanted = PageRequest::new(MAX_PAGE, after);
            let Page { items, next } = care.parts.memories.actions(self.owner, wanted).await?;
            self.page = items.into_iter();
            self.next = next.map(Some);
        }
    }
}
