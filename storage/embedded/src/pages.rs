//! Whether the pages of the file are those that were written: looked at when a life begins.
//!
//! redb follows pages without checking them, and one wrong bit in a page that leads to others shows
//! other rows, or none, and says nothing. So each page is checked once, on trial, before anything is
//! served. A wrong bit within a row costs that row and is found when the row is read: such a file is
//! let through. What goes wrong later is found when it is met. Mends nothing.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path};

use redb::{
    Builder, Database, DatabaseError, ReadableTable, StorageBackend, StorageError, TableHandle as _,
};
use storage_rules::{
    codec::{Place, is_whole},
    tables::names as table_names,
    tiers::manifest,
};

use crate::{
    caught::caught,
    fault::Fault,
    handle::Handle,
    layout::Raw,
    medium::{Beside, Watched},
    trial::Trial,
};

/// Pages kept in memory: each is looked at a time or two.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// What the pages of a file are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// What was written.
    Whole,
    /// What was written, but for rows in them.
    WrongRows,
    /// Something else: what redb says of it.
    Wrong(String),
}

/// Looks at the pages of the file at `path`, which it reads whole and does not lock.
///
/// # Errors
/// The file cannot be read, or is none of redb's.
pub(crate) fn look(path: &Path, beside: &Beside) -> Result<Pages, Box<DatabaseError>> {
    let failed = |error: io::Error| Box::new(DatabaseError::Storage(StorageError::Io(error)));
    let trial = || {
        let file = OnDisk(File::open(path)?);
        Trial::of(Watched::over(Box::new(file), beside))
    };
    let why = match caught(|| opened(trial().map_err(StorageError::Io)?, true)) {
        Ok(Ok(db)) => {
            drop(Handle::on(db)); // what it writes stays in memory
            return Ok(Pages::Whole);
        }
        Err(why) | Ok(Err(DatabaseError::Storage(StorageError::Corrupted(why)))) => why,
        Ok(Err(error)) => return Err(Box::new(error)),
    };
    let trial = trial().map_err(failed)?;
    let Ok(Ok(db)) = caught(|| opened(trial, false)) else { return Ok(Pages::Wrong(why)) };
    if let Ok(Ok(true)) = caught(|| only_rows_are_wrong(&db)) {
        drop(Handle::on(db));
        return Ok(Pages::WrongRows);
    }
    // Closing it would meet the page again, and may abort the process. The start is refused.
    std::mem::forget(db);
    Ok(Pages::Wrong(why))
}

fn opened(trial: Trial, check: bool) -> Result<Database, DatabaseError> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(check);
    builder.create_with_backend(trial)
}

/// A file that is read and not locked; a trial keeps what is written to it.
#[derive(Debug)]
struct OnDisk(File);

impl StorageBackend for OnDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

/// Tells whether wrong rows are all that is wrong with the pages of `db`: rows are in their order, every
/// other one is where it is looked for, none is missing, and so it stays once the wrong ones are taken
/// out, as mending them does.
fn only_rows_are_wrong(db: &Database) -> Result<bool, Fault> {
    let txn = db.begin_write()?;
    let there: Vec<String> = txn.list_tables()?.map(|table| table.name().to_owned()).collect();
    let mut all = 0;
    for name in table_names().filter(|name| there.iter().any(|there| there == name)) {
        let mut table = txn.open_table(Raw::new(name))?;
        let Some(wrong) = wrong_rows(name, &table)? else { return Ok(false) };
        // Without its identity the file would be another history's.
        if !wrong.is_empty() && name == manifest::IDENTITY.name {
            return Ok(false);
        }
        for at in &wrong {
            table.remove(at.as_slice())?;
        }
        if !wrong.is_empty() && wrong_rows(name, &table)?.is_none_or(|left| !left.is_empty()) {
            return Ok(false);
        }
        all += wrong.len();
    }
    txn.abort()?;
    Ok(all > 0)
}

/// Returns where the rows of a table are that are not what was written; `None` where more than that is
/// wrong.
fn wrong_rows(
    name: &'static str,
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    let (mut count, mut wrong, mut last) = (0, Vec::new(), None);
    for row in table.iter()? {
        let (at, value) = row?;
        let (at, value) = (at.value(), value.value());
        if last.as_deref().is_some_and(|last| last >= at) || table.get(at)?.is_none() {
            return Ok(None);
        }
        if !is_whole(Place { table: name, key: at }, value) {
            wrong.push(at.to_vec());
        }
        (count, last) = (count + 1, Some(at.to_vec()));
    }
    Ok((count == table.len()?).then_some(wrong))
}
