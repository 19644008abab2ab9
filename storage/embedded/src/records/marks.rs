//! Marks: what has been done to this file once and for all, such as an upgrade of its rows.

use crate::{draft::Tables, fault::Fault, rows::Rows, snapshot::Snapshot};

/// Key: name of the mark. Value: nothing.
pub(crate) const MARKS: Rows<()> = Rows::new("marks.v1");

/// Every memory has a row of its standing and one in the change log.
pub(crate) const MEMORIES_STAND: &str = "memories stand";

/// Tells whether the file carries the mark.
pub(crate) fn has(file: &Snapshot, mark: &str) -> Result<bool, Fault> {
    Ok(file.get(&MARKS, mark.as_bytes())?.is_some())
}

/// Sets the mark.
pub(crate) fn set(tables: &mut Tables<'_>, mark: &str) -> Result<(), Fault> {
    tables.put(&MARKS, mark.as_bytes(), &())
}
