//! What may leave the bus: entries that every group has acknowledged, by age, and by bytes.
//!
//! [`done_with`] looks through a view, page by page, and keeps no writer waiting; [`take_away`] takes
//! some of what it found. What was acknowledged stays so, and a group that came meanwhile is asked.

use std::collections::BTreeMap;

use appliance_core::Timestamp;

use super::tables::{ENTRIES, Entry, Settled, settled, streams};
use crate::{
    Draft, Fault,
    entity::{key, trailing_seq},
    stored::Stored,
    view::{Span, View, open},
};

/// Entries that are read at a time.
const AT_ONCE: usize = 256;

/// Returns the ids of entries that every group has acknowledged and that are older than `before`, and
/// of the oldest of the others while a stream holds more than `most_bytes`.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn done_with(
    view: &dyn View,
    before: Timestamp,
    most_bytes: usize,
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut found = Vec::new();
    for stream in streams(view)? {
        let prefix = key(&[stream.as_str().as_bytes(), &[0]]);
        let (settled, mut held) = (settled(view, &prefix)?, 0);
        each(view, &prefix, |(_, row)| held += row.len())?;
        each(view, &prefix, |(id, row)| {
            if !settled.has(trailing_seq(&id)) {
                return;
            }
            let old =
                open::<Entry>(&id, &row).map_or(true, |entry| entry.envelope.timestamp < before);
            if old || held > most_bytes {
                held -= row.len();
                found.push(id);
            }
        })?;
    }
    Ok(found)
}

/// Takes those of `ids` away that every group has acknowledged; returns how many went.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn take_away(draft: &mut Draft<'_>, ids: &[Vec<u8>]) -> Result<usize, Fault> {
    let (mut known, mut gone) = (BTreeMap::<&[u8], Settled>::new(), 0);
    for id in ids {
        let prefix = &id[..id.len().saturating_sub(8)];
        let settled = match known.remove(prefix) {
            Some(settled) => settled,
            None => settled(draft.view(), prefix)?,
        };
        if settled.has(trailing_seq(id)) && draft.has::<Entry>(id)? {
            draft.drop_row::<Entry>(id, &[])?;
            gone += 1;
        }
        known.insert(prefix, settled);
    }
    Ok(gone)
}

/// Visits the entries of a stream, the oldest first.
fn each(view: &dyn View, prefix: &[u8], mut visit: impl FnMut(Stored)) -> Result<(), Fault> {
    let mut span = Span::of(prefix);
    loop {
        let rows = view.rows(&ENTRIES, &span, AT_ONCE)?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        span = span.beyond(last);
        rows.into_iter().for_each(&mut visit);
    }
}
