//! Forgetting: shows memories to nobody any more, until it is undone or they are purged.
//!
//! Forgetting again changes nothing and returns the deed that forgot them, so that one undo brings
//! them back.

use std::collections::HashSet;

use appliance_core::{
    Condition, Deed, ErrorKind, MemoryAction, MemoryId,
    ports::{By, CareError},
};

use super::{Care, cause::Tries, undo::Walk};

/// Most memories one deed forgets.
const MOST_IDS: usize = 1_000;

impl Care {
    pub(super) async fn hide(
        &self,
        by: &By,
        ids: Vec<MemoryId>,
    ) -> Result<MemoryAction, CareError> {
        let ids = distinct(ids)?;
        let mut tries = Tries::new();
        loop {
            match self.hide_once(by, &ids).await {
                Err(error) if tries.again(&error) => {}
                done => return done,
            }
        }
    }

    async fn hide_once(&self, by: &By, ids: &[MemoryId]) -> Result<MemoryAction, CareError> {
        if let Some(first) = self.first(by).await? {
            return self.told(by, &first).await;
        }
        let (mut seen, mut hidden) = (Vec::new(), Vec::new());
        for id in ids {
            let is_shown = self.is_shown(by, *id).await?;
            if is_shown { seen.push(*id) } else { hidden.push(*id) }
        }
        match self.deeds_that_hid(by, hidden).await? {
            Some(before) if seen.is_empty() => self.keep_key(by, before).await,
            _ => {
                let conditions = seen.iter().copied().map(shown).collect();
                self.act(by, Deed::Forget { ids: seen }, conditions).await
            }
        }
    }

    /// Tells whether there is something to forget. What the archive cannot read back whole can be
    /// forgotten like the rest; whose it is, the store checks.
    pub(super) async fn is_shown(&self, by: &By, id: MemoryId) -> Result<bool, CareError> {
        match self.parts.memories.get(by.owner, id).await {
            Ok(found) => Ok(found.is_some()),
            Err(error) if error.kind == ErrorKind::Corrupt => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the newest deed that took one of `ids` from sight; one that no deed of the owner did
    /// is unknown.
    async fn deeds_that_hid(
        &self,
        by: &By,
        mut ids: Vec<MemoryId>,
    ) -> Result<Option<MemoryAction>, CareError> {
        let mut newest = None;
        let mut walk = Walk::of(by.owner);
        while !ids.is_empty() {
            let Some(action) = walk.next(self).await? else { break };
            let before = ids.len();
            ids.retain(|id| !hides(&action, *id));
            if ids.len() < before {
                newest.get_or_insert(action);
            }
        }
        match ids.first() {
            Some(unknown) => Err(CareError::Unknown(*unknown)),
            None => Ok(newest),
        }
    }
}

/// The condition that a memory is not forgotten.
pub(super) const fn shown(id: MemoryId) -> Condition {
    Condition::MemoryShown { id, pinned: None }
}

/// Tells whether a memory is out of sight because of this deed, or because of its undoing.
fn hides(action: &MemoryAction, id: MemoryId) -> bool {
    match (&action.deed, action.undone_at) {
        (Deed::Forget { ids }, None) => ids.contains(&id),
        (Deed::Correct { new, .. }, Some(_)) => new.id == id,
        _ => false,
    }
}

/// Returns each id once, in the order given.
pub(super) fn distinct(mut ids: Vec<MemoryId>) -> Result<Vec<MemoryId>, CareError> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    if ids.is_empty() {
        return Err(CareError::Invalid("no memory is named; say which".to_owned()));
    }
    if ids.len() > MOST_IDS {
        let got = ids.len();
        return Err(CareError::Invalid(format!(
            "{got} memories are named, at most {MOST_IDS} at once; name fewer"
        )));
    }
    Ok(ids)
}
