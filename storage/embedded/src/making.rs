//! Files of the records that are being made: new ones, copies of others, and how each gets its name.
//! Knows no record, and opens no file that was there before.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use redb::{
    Builder, Database, ReadTransaction, ReadableTable as _, StorageError, WriteTransaction,
    backends::FileBackend,
};

use crate::{fault::Fault, layout::Raw, signs::Signs, steps::reached};

/// Pages kept in memory: enough for the working set of one appliance, far under its idle budget.
pub(crate) const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Rows that are copied between two signs of life.
const AT_ONCE: usize = 100;

/// Begins a write transaction whose commit survives a crash and reopens at once.
///
/// Two-phase, because the file stores strangers' text and xxh3 does not resist a forger; quick
/// repair, because a full one reads the whole file.
pub(crate) fn begin(db: &Database) -> Result<WriteTransaction, Fault> {
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    Ok(txn)
}

/// Makes a new file at `path`, which must not exist, and opens it for whoever fills it.
pub(crate) fn fresh(path: &Path) -> Result<Database, Fault> {
    let made = appliance_files::new_file(path).map_err(StorageError::Io)?;
    let file = FileBackend::new(made)?;
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    Ok(builder.create_with_backend(file)?)
}

/// Gives a whole file its name, for good when this returns.
pub(crate) fn put_in_place(new: &Path, path: &Path) -> io::Result<()> {
    fs::rename(new, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Returns where the copy of the file at `place` is made.
pub(crate) fn beside(place: &Path) -> PathBuf {
    place.with_extension("redb.anew")
}

/// Deletes a copy that was never finished; what cannot be deleted is in nobody's way but its own.
pub(crate) fn clear(place: &Path) {
    match fs::remove_file(beside(place)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a half-made copy of the records stays beside them");
        }
        _ => {}
    }
}

/// Copies the rows of a table; stops when the store is closing.
pub(crate) fn copy_table(
    from: &ReadTransaction,
    to: &WriteTransaction,
    name: &'static str,
    signs: &Signs,
) -> Result<(), Fault> {
    let (old, mut new) = (from.open_table(Raw::new(name))?, to.open_table(Raw::new(name))?);
    for (number, row) in old.iter()?.enumerate() {
        let (at, value) = row?;
        new.insert(at.value(), value.value())?;
        if number % AT_ONCE == 0 {
            signs.note_moving();
            if signs.is_closing() {
                return Err(Fault::Closed); // the next life has time for it
            }
        }
        reached("rewrite.row");
    }
    Ok(())
}
