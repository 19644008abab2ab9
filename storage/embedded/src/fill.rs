//! How full the file is: what it takes on the disk, and what a copy of its rows would take. Reads every
//! row of a snapshot and changes nothing.
//!
//! redb fills leaf after leaf where rows come in their order, and gives a row that is larger than a page
//! the next power of two of pages; the figures of its leaves are those of its design.md.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use appliance_core::ports::Fill;
use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _};
use storage_rules::tables::names as table_names;

use crate::{caught::caught, fault::Fault, layout::Raw, shared::Shared};

/// Bytes of a block, as `st_blocks` counts them (stat(2)).
const BLOCK: u64 = 512;

/// Bytes of a page.
const PAGE: usize = 4_096;

/// Bytes that a leaf begins with.
const HEAD: usize = 4;

/// Bytes that say where a row's id and its value end.
const A_ROW: usize = 8;

/// Bytes of a leaf's place in the branch above it, about.
const A_LEAF: u64 = 48;

/// Weighs the file at `place`, which is the one that is open.
pub(crate) fn weigh(shared: &Shared, place: &Path) -> Result<Fill, Fault> {
    let rows = caught(|| rows(shared)).unwrap_or_else(|why| Err(Fault::caught(why)))?;
    let found = fs::metadata(place).map_err(redb::StorageError::Io)?;
    Ok(Fill { file: found.blocks() * BLOCK, rows })
}

fn rows(shared: &Shared) -> Result<u64, Fault> {
    let guard = shared.opened();
    let txn = guard.as_ref().ok_or(Fault::Closed)?.begin_read()?;
    drop(guard); // whoever exchanges the handle waits for nobody
    table_names().try_fold(0, |bytes, name| Ok(bytes + table(&txn, name)?))
}

fn table(txn: &ReadTransaction, name: &'static str) -> Result<u64, Fault> {
    let mut leaves = Leaves::default();
    for row in txn.open_table(Raw::new(name))?.iter()? {
        let (at, value) = row?;
        leaves.add(at.value().len() + value.value().len());
    }
    Ok(leaves.bytes())
}

/// Leaves that are filled one after another.
#[derive(Debug, Default)]
struct Leaves {
    leaves: u64,
    pages: usize,
    /// Bytes in the last one.
    used: usize,
}

impl Leaves {
    fn add(&mut self, bytes: usize) {
        let row = A_ROW + bytes;
        if self.leaves > 0 && self.used + row <= PAGE {
            self.used += row;
            return;
        }
        self.used = HEAD + row;
        self.leaves += 1;
        self.pages += self.used.div_ceil(PAGE).next_power_of_two();
    }

    fn bytes(&self) -> u64 {
        (self.pages * PAGE) as u64 + self.leaves * A_LEAF
    }
}
