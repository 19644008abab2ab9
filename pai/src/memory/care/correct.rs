//! Correcting: what is so takes the place of what is wrong or no longer so.
//!
//! The old memory is not changed but ended: a search `as of` an earlier moment still finds it.

use appliance_core::{
    Deed, Memory, MemoryAction, MemoryId, MemoryKind, Provenance,
    memory::{MAX_AUTHOR_BYTES, MAX_MEMORY_BYTES},
    ports::{By, CareError},
};

use super::Care;

impl Care {
    pub(super) async fn replace(
        &self,
        by: &By,
        old: MemoryId,
        text: String,
        provenance: Provenance,
    ) -> Result<(Memory, MemoryAction), CareError> {
        check(&text, &provenance)?;
        let _turn = self.turn.lock().await;
        let old = self.known(by, old).await?;
        still_holds(&old)?;
        if old.text == text {
            let why = format!("memory {} says exactly that already; nothing was changed", old.id);
            return Err(CareError::Invalid(why));
        }
        // A wall clock that was set back must not end the old one before it began.
        let at = self.now().max(old.standing.valid_from);
        let id = self.parts.mint.next(MemoryId::from_uuid);
        let mut new = Memory::new(id, by.owner, MemoryKind::Note, text, provenance, at);
        new.standing.pinned = old.standing.pinned;
        let deed = Deed::Correct { old: old.id, new: Box::new(new.clone()) };
        let action = self.act(by, deed, at).await?;
        let stored = self.parts.memories.get(by.owner, new.id).await?;
        Ok((stored.unwrap_or(new), action))
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
