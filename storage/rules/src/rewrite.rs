//! Whether the records' file has to be made anew: a medium may keep what was purged in places that are
//! free. Makes no file: the adapter does.

use appliance_core::Timestamp;

use crate::{
    Draft, Entity, Fault,
    codes::UnknownCode,
    entity::{IdShape, Kind},
    view::{Read as _, View},
};

/// Id: [`ROW`].
pub static REWRITE: Kind = Kind { name: "rewrite.v1", id: IdShape::Bytes, keys: &[] };

/// The only row.
const ROW: &[u8] = b"file";

/// What is known of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// Something was purged since it was made.
    pub due: bool,
    /// When it was made anew the last time, by lived time; none where it never was.
    pub done_at: Option<Timestamp>,
}

impl Entity for Rewrite {
    type Frozen = (bool, Option<i64>);
    const KIND: &'static Kind = &REWRITE;

    fn freeze(&self) -> (bool, Option<i64>) {
        (self.due, self.done_at.map(Timestamp::unix_micros))
    }

    fn thaw(_id: &[u8], (due, done_at): (bool, Option<i64>)) -> Result<Self, UnknownCode> {
        Ok(Self { due, done_at: done_at.map(Timestamp::from_unix_micros) })
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
        Err(fault) if fault.is_of_one_row() => Ok(Rewrite { due: true, done_at: None }),
        Err(fault) => Err(fault),
    }
}

/// Notes that something was purged.
///
/// # Errors
/// The adapter's failure.
pub fn purged(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let known = find(draft.view())?;
    if known.due { Ok(()) } else { draft.replace(None, &Rewrite { due: true, ..known }) }
}

/// Notes in a file that was just made that it was, at `at`.
///
/// # Errors
/// The adapter's failure.
pub fn done(draft: &mut Draft<'_>, at: Timestamp) -> Result<(), Fault> {
    draft.replace(None, &Rewrite { due: false, done_at: Some(at) })
}
