//! Whether the pages of the file are those that were written: looked at when a life begins.
//!
//! redb follows pages without checking them, and one wrong bit in a page that leads to others shows
//! other rows, or none, and says nothing. So each page is checked once, on trial, before anything is
//! served. A wrong bit within a row costs that row and is found when the row is read: such a file is
//! let through. Where as many rows are read as there are, they are [copied](Rows::copy) into a new file,
//! wrong ones as they are; a table of keys that is not read is filled again there. What goes wrong later
//! is found when it is met.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    mem::ManuallyDrop,
    num::NonZeroU64,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable, StorageBackend,
    StorageError, Table, TableHandle as _,
};
use rustix::fs::{Advice, fadvise};
use storage_rules::{
    codec::{Place, is_whole},
    tables::names as table_names,
    tiers::manifest,
};

use crate::{
    caught::caught,
    draft::Tables,
    fault::Fault,
    handle::Handle,
    layout::Raw,
    making::{self, copy_table},
    medium::{Beside, Watched},
    refill::{is_derived, refill},
    signs::Signs,
    trial::Trial,
};

/// Pages kept in memory: each is looked at a time or two.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// How much of a file is asked for before it is read, far under any machine's memory.
const READ_AHEAD_BYTES: u64 = 1 << 30;

/// How much of it at a time: the least that a disk's own reading ahead may be set to, usually.
const STEP_BYTES: usize = 128 * 1024;

/// How far redb says to be, of 1, once it has checked every page; the rest would be for writing.
const CHECKED: f64 = 0.6;

/// What the pages of a file are.
#[derive(Debug)]
pub(crate) enum Pages {
    /// What was written.
    Whole,
    /// What was written, but for rows in them.
    WrongRows,
    /// Something else, and these rows are read all the same.
    Wrong(Rows),
    /// Something else: what redb says of it.
    Lost(String),
}

/// Looks at the pages of the file at `path`, which it reads whole, once, and does not lock.
///
/// # Errors
/// The file cannot be read, or is none of redb's.
pub(crate) fn look(path: &Path, beside: &Beside) -> Result<Pages, Box<DatabaseError>> {
    let checked = || {
        let file = OnDisk::at(path)?;
        file.read_ahead();
        opened(&file, beside, true)
    };
    let why = match caught(checked) {
        Ok(Err(DatabaseError::RepairAborted)) => return Ok(Pages::Whole),
        Ok(Ok(db)) => {
            drop(Handle::on(db)); // a file in which nothing was written yet
            return Ok(Pages::Whole);
        }
        Err(why) | Ok(Err(DatabaseError::Storage(StorageError::Corrupted(why)))) => why,
        Ok(Err(error)) => return Err(Box::new(error)),
    };
    let file = OnDisk::at(path).map_err(|error| Box::new(DatabaseError::from(error)))?;
    let Ok(Ok(db)) = caught(|| opened(&file, beside, false)) else { return Ok(Pages::Lost(why)) };
    let mut rows = Rows { db: ManuallyDrop::new(db), file, lost: BTreeSet::new(), wrong: 0, why };
    match caught(|| lost_keys(&rows.db)) {
        Ok(Ok(lost)) => rows.lost = lost,
        _ => return Ok(Pages::Lost(rows.why.clone())),
    }
    Ok(match caught(|| walk(&rows.db, &rows.lost)) {
        Ok(Ok(Walked::SomeWrong)) => Pages::WrongRows,
        Ok(Ok(Walked::AllRead { wrong })) => {
            rows.wrong = wrong;
            Pages::Wrong(rows)
        }
        Ok(Ok(Walked::Astray) | Err(_)) | Err(_) => Pages::Lost(rows.why.clone()),
    })
}

/// The rows of a file with a wrong page.
pub(crate) struct Rows {
    /// Never closed: that would meet the page again, and may abort the process.
    db: ManuallyDrop<Database>,
    file: OnDisk,
    /// Tables of keys that are not read.
    lost: BTreeSet<&'static str>,
    /// How many are not what was written.
    wrong: usize,
    why: String,
}

impl Rows {
    /// Copies all of them into a new file at `to`, whole and on disk when it returns; fills what was
    /// lost again, and asks `prove` whether it can be served.
    pub fn copy(
        &self,
        to: &Path,
        signs: &Signs,
        prove: impl FnOnce(&Database) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let from = self.db.begin_read()?;
        let new = making::fresh(to)?;
        let txn = making::begin(&new)?;
        for name in table_names().filter(|name| !self.lost.contains(name)) {
            copy_table(&from, &txn, name, signs)?;
        }
        let tables = Tables::of(&txn);
        self.lost.iter().try_for_each(|name| tables.with(name, |_| Ok(())))?;
        refill(&tables, &self.lost)?;
        drop(tables);
        txn.commit()?;
        prove(&new)?;
        drop(new); // marks it as closed
        Ok(File::open(to).and_then(|file| file.sync_all()).map_err(StorageError::Io)?)
    }

    /// Says what was wrong, and what became of it once they were copied.
    pub fn told(&self) -> String {
        let lost: Vec<_> = self.lost.iter().copied().collect();
        let (page, done) = match lost.as_slice() {
            [] => ("that leads to others".to_owned(), "the file was made anew of its rows"),
            lost => (
                format!("of {}", lost.join(", ")),
                "it was filled again from the rows, and the file was made anew",
            ),
        };
        let left = match self.wrong {
            0 => "nothing is missing because of it".to_owned(),
            wrong => format!("{wrong} of them are wrong themselves and left out"),
        };
        format!("a page {page} was not what was written ({}); {done}; {left}", self.why)
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("why", &self.why).finish_non_exhaustive()
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        drop(self.file.open().take());
    }
}

/// Opens a file on trial; one that is to be checked is given up with
/// [`RepairAborted`](DatabaseError::RepairAborted) once that is done.
fn opened(file: &OnDisk, beside: &Beside, check: bool) -> Result<Database, DatabaseError> {
    let trial = Trial::of(Watched::over(Box::new(file.clone()), beside));
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(check);
    builder.set_repair_callback(move |done| {
        if check && done.progress() >= CHECKED {
            done.abort();
        }
    });
    builder.create_with_backend(trial.map_err(StorageError::Io)?)
}

/// A file that is read and not locked, until it is let go of; a trial keeps what is written to it.
#[derive(Debug, Clone)]
struct OnDisk(Arc<Mutex<Option<File>>>);

impl OnDisk {
    fn at(path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(StorageError::Io)?;
        Ok(Self(Arc::new(Mutex::new(Some(file)))))
    }

    /// Has the system begin to read the file in its order, which is not that of the pages; it takes so
    /// much at a word and no more. Where it will not, this costs a little speed and nothing else.
    fn read_ahead(&self) {
        let _ = self.reading(|file| {
            let len = file.metadata()?.len().min(READ_AHEAD_BYTES);
            for at in (0..len).step_by(STEP_BYTES) {
                fadvise(file, at, NonZeroU64::new(STEP_BYTES as u64), Advice::WillNeed)?;
            }
            Ok(())
        });
    }

    fn open(&self) -> MutexGuard<'_, Option<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading<T>(&self, read: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match self.open().as_ref() {
            Some(file) => read(file),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl StorageBackend for OnDisk {
    fn len(&self) -> io::Result<u64> {
        self.reading(|file| Ok(file.metadata()?.len()))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.reading(|file| file.read_exact_at(out, offset))
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

/// What a walk through all rows shows.
enum Walked {
    /// As many are read as there are, though a look for one of them may not find it.
    AllRead {
        /// How many are not what was written.
        wrong: usize,
    },
    /// Some are not what was written, and nothing else is wrong.
    SomeWrong,
    /// Rows are missing.
    Astray,
}

/// Returns the tables of keys that are there and are not read, or not in their order.
fn lost_keys(db: &Database) -> Result<BTreeSet<&'static str>, Fault> {
    let txn = db.begin_read()?;
    let there: BTreeSet<String> = txn.list_tables()?.map(|table| table.name().to_owned()).collect();
    let is_read = |name: &&'static str| {
        let read = || seen(name, &txn.open_table(Raw::new(name))?);
        matches!(caught(read), Ok(Ok(Some(Seen { are_found: true, .. }))))
    };
    let keys = table_names().filter(|name| is_derived(name) && there.contains(*name));
    Ok(keys.filter(|name| !is_read(name)).collect())
}

/// Walks through all rows but those of what is `lost`.
fn walk(db: &Database, lost: &BTreeSet<&'static str>) -> Result<Walked, Fault> {
    let txn = db.begin_write()?;
    let there: BTreeSet<String> = txn.list_tables()?.map(|table| table.name().to_owned()).collect();
    let wanted: BTreeSet<&str> = table_names().collect();
    let is_of_now = there.iter().map(String::as_str).eq(wanted);
    let is_walked = |name: &&'static str| there.contains(*name) && !lost.contains(name);
    let (mut wrong, mut are_found) = (0, true);
    for name in table_names().filter(is_walked) {
        let mut table = txn.open_table(Raw::new(name))?;
        let Some(seen) = seen(name, &table)? else { return Ok(Walked::Astray) };
        // Without its identity the file would be another history's.
        if !seen.wrong.is_empty() && name == manifest::IDENTITY.name {
            return Ok(Walked::Astray);
        }
        wrong += seen.wrong.len();
        are_found &= seen.are_found && can_be_mended(name, &mut table, &seen.wrong)?;
    }
    txn.abort()?;
    let are_rows_alone = wrong > 0 && are_found && lost.is_empty();
    Ok(match (are_rows_alone, is_of_now) {
        (true, _) => Walked::SomeWrong,
        (false, true) => Walked::AllRead { wrong },
        (false, false) => Walked::Astray, // an earlier version's tables are not copied
    })
}

/// Tells whether a table stays in order once its wrong rows are taken out, as mending them does.
fn can_be_mended(
    name: &'static str,
    table: &mut Table<'_, &'static [u8], &'static [u8]>,
    wrong: &[Vec<u8>],
) -> Result<bool, Fault> {
    for at in wrong {
        table.remove(at.as_slice())?;
    }
    let is_right = |left: Seen| left.are_found && left.wrong.is_empty();
    Ok(wrong.is_empty() || seen(name, table)?.is_some_and(is_right))
}

/// The rows of a table.
struct Seen {
    /// Where those are that are not what was written.
    wrong: Vec<Vec<u8>>,
    /// Whether they are in their order and each is found where it is looked for.
    are_found: bool,
}

/// Looks at the rows of a table; `None` where some are missing.
fn seen(
    name: &'static str,
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Result<Option<Seen>, Fault> {
    let (mut count, mut last) = (0, None);
    let mut seen = Seen { wrong: Vec::new(), are_found: true };
    for row in table.iter()? {
        let (at, value) = row?;
        let (at, value) = (at.value(), value.value());
        seen.are_found &= last.as_deref().is_none_or(|last| last < at) && table.get(at)?.is_some();
        if !is_whole(Place { table: name, key: at }, value) {
            seen.wrong.push(at.to_vec());
        }
        (count, last) = (count + 1, Some(at.to_vec()));
    }
    let are_all = count == table.len()? && (seen.are_found || are_distinct(table)?);
    Ok(are_all.then_some(seen))
}

/// Tells whether no two rows have one key, of which a copy would keep one.
fn are_distinct(table: &impl ReadableTable<&'static [u8], &'static [u8]>) -> Result<bool, Fault> {
    let mut keys = BTreeSet::new();
    for row in table.iter()? {
        if !keys.insert(row?.0.value().to_vec()) {
            return Ok(false);
        }
    }
    Ok(true)
}
