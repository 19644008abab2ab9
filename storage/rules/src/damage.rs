//! What was found damaged while reading: noted once, named on request. Kept in RAM, because the next
//! start finds it anew.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::{
    ErrorKind, MemoryId, StoreError,
    ports::{Compared, DamageReport, Damaged},
};

use crate::{Fault, stored::View};

/// Most that is named: rows, and memories of archived blocks.
const MOST_NAMED: usize = 1_000;

/// A row that could not be read and was taken out all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it was, as [`place`] names it.
    pub place: String,
    /// The memory that it was of, if it was of one.
    pub memory: Option<MemoryId>,
}

/// The damage that is known.
#[derive(Debug, Default)]
pub struct Register {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    compared: Compared,
    /// By place and memory: a block of the archive holds many.
    found: BTreeMap<(String, Option<MemoryId>), Damaged>,
    mended: Vec<Damaged>,
}

impl Register {
    /// Notes a damaged row, or what of a damaged block was missed; the first time it is said in the
    /// log.
    pub fn note(&self, damaged: Damaged) {
        let mut known = self.known();
        let Damaged { place, what, memory } = &damaged;
        if known.says_as_much(place, *memory) || known.found.len() >= MOST_NAMED {
            return;
        }
        tracing::error!(event = "damaged", %place, %what, ?memory, "something that is kept cannot be read");
        known.found.remove(&(place.clone(), None)); // whose it is is known now
        known.found.insert((place.clone(), *memory), damaged);
    }

    /// Notes what was found when the store was opened and is whole again.
    pub fn note_mended(&self, mended: Damaged) {
        self.known().mended.push(mended);
    }

    /// Notes how far the comparison has come; what was mended is damaged no longer.
    pub fn compared(&self, compared: Compared, mended: &[String]) {
        let mut known = self.known();
        known.compared = compared;
        known.found.retain(|(place, _), _| !mended.contains(place));
    }

    /// Notes that a place can be read again: for `memory`, and for whomever it was missed by unnamed.
    pub fn reads_again(&self, place: &str, memory: Option<MemoryId>) {
        let mut known = self.known();
        for memory in [memory, None] {
            if known.found.remove(&(place.to_owned(), memory)).is_some() {
                tracing::info!(event = "mended", %place, ?memory, "what was missed can be read again");
            }
        }
    }

    /// Notes that a file is gone with all that was missed of it: nothing counts on it any more.
    pub fn left(&self, file: &str) {
        self.known().found.retain(|(place, _), _| !place.contains(file));
    }

    /// Notes that what could not be read is there no more.
    pub fn gone(&self, unread: &Unread) {
        let Unread { place: at, memory: of } = unread;
        self.known().found.retain(|(place, id), _| place != at && (of.is_none() || id != of));
    }

    /// Tells whether nothing is known to be damaged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known().found.is_empty()
    }

    /// Returns what is known.
    #[must_use]
    pub fn report(&self) -> DamageReport {
        let known = self.known();
        let found = known.found.values().cloned().collect();
        DamageReport { compared: known.compared, found, mended: known.mended.clone() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Tells whether this was noted, or more of the same place.
    fn says_as_much(&self, place: &str, memory: Option<MemoryId>) -> bool {
        let from = self.found.range((place.to_owned(), None)..);
        let mut of_it = from.map(|(known, _)| known).take_while(|(known, _)| known == place);
        of_it.any(|(_, known)| memory.is_none() || *known == memory)
    }
}

/// Names what is at fault; `None` when it is neither a row nor a page.
#[must_use]
pub fn name(fault: &Fault, memory: Option<MemoryId>) -> Option<Damaged> {
    let (place, what) = match fault {
        Fault::Sealed(broken) => (place(broken.table, &broken.key), broken.why.to_string()),
        Fault::Unreadable { place, why } => {
            ((*place).to_owned(), format!("a page cannot be read: {why}"))
        }
        Fault::Code(code) => ("a row".to_owned(), code.to_string()),
        Fault::Archive { place, error } if error.kind == ErrorKind::Corrupt => {
            (place.clone(), error.to_string())
        }
        _ => return None,
    };
    Some(Damaged { place, what, memory })
}

/// Names the row that an error is about, if it is one that cannot be read.
#[must_use]
pub fn named_in(error: &StoreError) -> Option<Damaged> {
    let source = std::error::Error::source(error).filter(|_| error.kind == ErrorKind::Corrupt)?;
    name(source.downcast_ref::<Fault>()?, None)
}

/// Passes on what was read; what cannot be read is noted and left out.
///
/// # Errors
/// A failure of more than one row.
pub(crate) fn readable<V: View + ?Sized, T>(
    view: &V,
    read: Result<T, Fault>,
    memory: Option<MemoryId>,
) -> Result<Option<T>, Fault> {
    let fault = match read {
        Ok(read) => return Ok(Some(read)),
        Err(fault) => fault,
    };
    let Some(damaged) = name(&fault, memory) else { return Err(fault) };
    view.note(damaged);
    Ok(None)
}

/// Returns how a row is named.
#[must_use]
pub fn place(table: &str, key: &str) -> String {
    format!("{table} row {key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_memory_of_a_place_is_named_and_a_place_alone_only_until_one_is_known() {
        let register = Register::default();
        let ids = [1, 2].map(|n| MemoryId::from_bytes([n; 16]));
        let note = |memory| {
            let (place, what) = ("cold/1.seg block 0".to_owned(), "wrong".to_owned());
            register.note(Damaged { place, what, memory });
        };
        let named = || register.report().found.iter().map(|it| it.memory).collect::<Vec<_>>();
        note(None);
        assert_eq!(named(), [None]);
        [Some(ids[1]), Some(ids[0]), None, Some(ids[0])].into_iter().for_each(note);
        assert_eq!(named(), [Some(ids[0]), Some(ids[1])]);
        register.gone(&Unread { place: "another".to_owned(), memory: Some(ids[0]) });
        assert_eq!(named(), [Some(ids[1])]);
        register.gone(&Unread { place: "another".to_owned(), memory: None });
        assert_eq!(named(), [Some(ids[1])]);
        register.compared(Compared::Done { mended: 1 }, &["cold/1.seg block 0".to_owned()]);
        assert!(named().is_empty());
    }
}
