//! Correcting: what is so takes the place of what is wrong or no longer so.
//!
//! The old memory is not changed but ended: a search `as of` an earlier moment still finds it.

use std::collections::HashSet;

use appliance_core::{
    Applied, Batch, Condition, Deed, Memory, MemoryAction, MemoryId, MemoryKind, Provenance,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
    ports::{By, CareError, Correction},
};
use appliance_phrases::utterance;

use super::{
    Care,
    cause::{self, Tries},
    forget::shown,
};

impl Care {
    pub(super) async fn replace(
        &self,
        by: &By,
        correction: Correction,
    ) -> Result<(Memory, MemoryAction), CareError> {
        check(&correction.text, &correction.provenance)?;
        let mut tries = Tries::new();
        loop {
            match self.replace_once(by, &correction).await {
                Err(error) if tries.again(&error) => {}
                done => return done,
            }
        }
    }

    async fn replace_once(
        &self,
        by: &By,
        correction: &Correction,
    ) -> Result<(Memory, MemoryAction), CareError> {
        if let Some(first) = self.first(by).await? {
            return self.told_correction(by, &first).await;
        }
        let old = self.known(by, correction.old).await?;
        still_holds(&old)?;
        if old.text == correction.text {
            let why = format!("memory {} says exactly that already; nothing was changed", old.id);
            return Err(CareError::Invalid(why));
        }
        let new = self.successor(by, &old, correction);
        let deed = Deed::Correct { old: old.id, new: Box::new(new.clone()) };
        let action = self.action(by, deed, new.standing.valid_from);
        let pinned = Some(old.standing.pinned);
        let mut batch =
            cause::begin(by, action.id.bytes()).when(Condition::MemoryShown { id: old.id, pinned });
        let copies = self.as_wrong(&old, correction).await?;
        self.add_copies(by, &copies, &action, &mut batch).await?;
        batch.writes.extend(self.writes(by, &action));
        if let Some(told) = &correction.told {
            self.add_signal(by, told, &mut batch).await?;
        }
        let applied = self.parts.records.apply(batch).await?;
        if applied.repeated {
            return self.told_correction(by, &applied).await;
        }
        let stored = self.parts.memories.get(by.owner, new.id).await?;
        Ok((stored.unwrap_or(new), action))
    }

    fn successor(&self, by: &By, old: &Memory, correction: &Correction) -> Memory {
        // A wall clock that was set back must not end the old one before it began.
        let at = self.now().max(old.standing.valid_from);
        let id = self.parts.mint.next(MemoryId::from_uuid);
        let Correction { text, provenance, .. } = correction.clone();
        let mut new = Memory::new(id, by.owner, MemoryKind::Note, text, provenance, at);
        new.standing.pinned = old.standing.pinned;
        new
    }

    /// Returns what is as wrong as the old memory: what the correction names, and whatever else states the
    /// same; what says already what is so is none of it.
    async fn as_wrong(
        &self,
        old: &Memory,
        correction: &Correction,
    ) -> Result<Vec<MemoryId>, CareError> {
        let mut ids = correction.copies.clone();
        if !utterance::states_the_same(&old.text, &correction.text) {
            match self.parts.indexes.copies(old).await {
                Ok(copies) => ids.extend(copies),
                // What is corrected is named by its id, and is not held up by a search that is ill.
                Err(error) => tracing::warn!(%error, "a correction could not look for copies"),
            }
        }
        let mut seen = HashSet::from([old.id]);
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }

    /// Copies are forgotten by a deed of their own, which undoing the correction finds by its id
    /// (`storage/rules/src/memories/deeds.rs`).
    async fn add_copies(
        &self,
        by: &By,
        copies: &[MemoryId],
        action: &MemoryAction,
        batch: &mut Batch,
    ) -> Result<(), CareError> {
        let mut ids = Vec::new();
        for id in copies {
            if self.is_shown(by, *id).await? {
                ids.push(*id);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        batch.conditions.extend(ids.iter().copied().map(shown));
        let deed = Deed::Forget { ids };
        let forgotten = MemoryAction { id: action.id.of_its_copies(), deed, ..action.clone() };
        batch.writes.extend(self.writes(by, &forgotten));
        Ok(())
    }

    /// Tells a correction as it was told the first time.
    async fn told_correction(
        &self,
        by: &By,
        applied: &Applied,
    ) -> Result<(Memory, MemoryAction), CareError> {
        let noted = self.noted(by, applied).await?;
        let Deed::Correct { new, .. } = &noted.deed else { return Err(CareError::NothingToUndo) };
        // As it stands: where the same text was remembered already, that one holds now.
        let stored = self.parts.memories.get(by.owner, new.id).await?;
        let new = stored.unwrap_or_else(|| (**new).clone());
        Ok((new, MemoryAction { undone_at: None, ..noted }))
    }
}

/// Only what holds can be corrected: otherwise two memories would hold in the place of one.
fn still_holds(old: &Memory) -> Result<(), CareError> {
    let standing = &old.standing;
    match (standing.superseded_by, standing.valid_until) {
        (Some(new), _) => Err(CareError::Invalid(format!(
            "memory {} was corrected already, by {new}; correct that one, or undo",
            old.id
        ))),
        (None, Some(until)) => Err(CareError::Invalid(format!(
            "memory {} holds no longer, since {until}; remember what is so instead",
            old.id
        ))),
        (None, None) => Ok(()),
    }
}

fn check(text: &str, provenance: &Provenance) -> Result<(), CareError> {
    let (bytes, author) = (text.len(), provenance.author.as_deref().unwrap_or_default().len());
    let why = if text.trim().is_empty() {
        "the text is empty; say what is so".to_owned()
    } else if bytes > MAX_MEMORY_BYTES {
        format!("the text has {bytes} bytes, a memory takes at most {MAX_MEMORY_BYTES}; shorten it")
    } else if author > MAX_AUTHOR_BYTES {
        format!("the author's name has {author} bytes, at most {MAX_AUTHOR_BYTES} are taken")
    } else {
        return Ok(());
    };
    Err(CareError::Invalid(why))
}
