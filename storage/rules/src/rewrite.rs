//! Whether the records' file has to be made anew: a medium may keep what was purged in places that are
//! free. Makes no file: the adapter does.
//!
//! Purges are counted and the count never goes back, so that what was purged while files were made
//! anew is not taken for done.

use appliance_core::Timestamp;

use crate::{
    Draft, Entity, Fault,
    codec::{self, Place},
    codes::UnknownCode,
    entity::{IdShape, Kind},
    view::{Read as _, View},
};

/// Id: always the same word, for there is one row.
pub static REWRITE: Kind = Kind { name: "rewrite.v1", id: IdShape::Bytes, keys: &[] };

/// The only row.
const ROW: &[u8] = b"file";

/// What is known of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// How many purges there have been.
    pub purges: u64,
    /// How many of them have left every file; the others may not have.
    pub cleared: u64,
    /// When it was made anew the last time, by lived time; none where it never was.
    pub done_at: Option<Timestamp>,
}

impl Rewrite {
    /// Returns how many purges there have been, if something of one may still be in a file.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        Some(self.purges).filter(|purges| *purges > self.cleared)
    }
}

impl Entity for Rewrite {
    type Frozen = (u64, u64, Option<i64>);
    const KIND: &'static Kind = &REWRITE;
    const VERSION: u8 = 2;

    fn freeze(&self) -> (u64, u64, Option<i64>) {
        (self.purges, self.cleared, self.done_at.map(Timestamp::unix_micros))
    }

    fn thaw(
        _id: &[u8],
        (purges, cleared, done_at): (u64, u64, Option<i64>),
    ) -> Result<Self, UnknownCode> {
        Ok(Self { purges, cleared, done_at: done_at.map(Timestamp::from_unix_micros) })
    }

    /// Version 1 told whether something was purged, and not how often.
    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let (due, done_at): (bool, Option<i64>) = codec::open(place, 1, sealed)?;
            Ok(Self::thaw(place.key, (due.into(), 0, done_at))?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        ROW.to_vec()
    }
}

/// Returns what is known of the file; where that is damaged, a rewriting is due.
///
/// # Errors
/// The adapter's failure.
pub fn find(view: &dyn View) -> Result<Rewrite, Fault> {
    match view.row(ROW) {
        Ok(found) => Ok(found.unwrap_or_default()),
        Err(fault) if fault.is_of_one_row() => Ok(Rewrite { purges: 1, ..Rewrite::default() }),
        Err(fault) => Err(fault),
    }
}

/// Notes that something was purged.
///
/// # Errors
/// The adapter's failure.
pub fn purged(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let known = find(draft.view())?;
    draft.replace(None, &Rewrite { purges: known.purges.saturating_add(1), ..known })
}

/// Notes in a file that was just made that it was, at `at`; every other file was before, after the
/// first `seen` purges: later ones stay due.
///
/// # Errors
/// The adapter's failure.
pub fn done(draft: &mut Draft<'_>, seen: u64, at: Timestamp) -> Result<(), Fault> {
    let known = find(draft.view())?;
    let cleared = known.cleared.max(seen.min(known.purges));
    draft.replace(None, &Rewrite { cleared, done_at: Some(at), ..known })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::open;

    #[test]
    fn what_was_due_before_purges_were_counted_is_due() {
        let place = Place { table: REWRITE.name, key: ROW };
        let at = Timestamp::from_unix_micros(7);
        for (due, purges) in [(true, Some(1)), (false, None)] {
            let sealed = codec::seal(place, 1, &(due, Some(at.unix_micros()))).unwrap();
            let read: Rewrite = open(ROW, &sealed).unwrap();
            assert_eq!((read.due(), read.done_at), (purges, Some(at)));
        }
    }
}
