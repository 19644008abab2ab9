//! How what the rules call tables are tables of redb. How declared keys lie in them: see
//! [`storage_rules::tables`]. Knows no record.

use std::ops::Bound::{Excluded, Included, Unbounded};

use redb::{ReadableTable, TableDefinition};
use storage_rules::{Span, Stored, Way};

use crate::fault::Fault;

/// redb's view of every table.
pub(crate) type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Reads up to `most` rows of a table within `span`.
pub(crate) fn stretch(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    span: &Span,
    most: usize,
) -> Result<Vec<Stored>, Fault> {
    if span.is_empty() {
        return Ok(Vec::new());
    }
    let high = span.high.as_deref().map_or(Unbounded, Excluded);
    let range = table.range::<&[u8]>((Included(span.low.as_slice()), high))?;
    let own = |row: Result<(redb::AccessGuard<'_, _>, redb::AccessGuard<'_, _>), _>| {
        let (at, value): (redb::AccessGuard<'_, &[u8]>, redb::AccessGuard<'_, &[u8]>) = row?;
        Ok((at.value().to_vec(), value.value().to_vec()))
    };
    match span.way {
        Way::Up => range.take(most).map(own).collect(),
        Way::Down => range.rev().take(most).map(own).collect(),
    }
}
