//! What was found damaged while reading: noted once, named on request. Kept in RAM, because the next
//! start finds it anew.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::{
    ErrorKind, MemoryId,
    ports::{Compared, DamageReport, Damaged},
};

use crate::{Fault, stored::View};

/// Most rows that are named.
const MOST_NAMED: usize = 1_000;

/// The damage that is known.
#[derive(Debug, Default)]
pub struct Register {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    compared: Compared,
    found: BTreeMap<String, Damaged>,
}

impl Register {
    /// Notes a damaged row; the first time it is said in the log.
    pub fn note(&self, damaged: Damaged) {
        let mut known = self.known();
        if known.found.len() >= MOST_NAMED && !known.found.contains_key(&damaged.place) {
            return;
        }
        if let Some(before) = known.found.get_mut(&damaged.place) {
            before.memory = before.memory.or(damaged.memory);
            return;
        }
        let Damaged { place, what, memory } = &damaged;
        tracing::error!(event = "damaged", %place, %what, ?memory, "a row cannot be read");
        known.found.insert(damaged.place.clone(), damaged);
    }

    /// Notes how far the comparison has come; what was mended is damaged no longer.
    pub fn compared(&self, compared: Compared, mended: &[String]) {
        let mut known = self.known();
        known.compared = compared;
        for place in mended {
            known.found.remove(place);
        }
    }

    /// Returns what is known.
    #[must_use]
    pub fn report(&self) -> DamageReport {
        let known = self.known();
        DamageReport { compared: known.compared, found: known.found.values().cloned().collect() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names what is at fault; `None` when it is more than one row.
#[must_use]
pub fn name(fault: &Fault, memory: Option<MemoryId>) -> Option<Damaged> {
    let (place, what) = match fault {
        Fault::Sealed(broken) => (place(broken.table, &broken.key), broken.why.to_string()),
        Fault::Code(code) => ("a row".to_owned(), code.to_string()),
        Fault::Archive { place, error } if error.kind == ErrorKind::Corrupt => {
            (place.clone(), error.to_string())
        }
        _ => return None,
    };
    Some(Damaged { place, what, memory })
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
