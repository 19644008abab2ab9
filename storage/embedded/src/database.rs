//! The file: how it is made, opened and told apart from a damaged one. Knows no record.
//!
//! A new file is made beside its place and moved there once it is whole, so an empty or half-made
//! `state.redb` is always damage. Damage is refused and left as it was found: see [`crate::trial`].

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, StorageError, TableHandle as _,
    WriteTransaction,
};

use storage_rules::{Counters, Draft, bus::tables, counters, marks, tiers::manifest};

use crate::{
    OpenError,
    draft::{Attempt, Tables},
    fault::Fault,
    layout,
    snapshot::Snapshot,
    trial::Trial,
    upgrade::upgrade,
};

/// Pages kept in memory: enough for the working set of one appliance, far under its idle budget.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

/// Opens the database; a way to put another one into tests.
pub(crate) type Opener = Box<dyn Fn() -> Result<Database, OpenError> + Send>;

/// Returns the opener of the file at `path`.
pub(crate) fn opener(path: &Path) -> Opener {
    let path = path.to_owned();
    Box::new(move || open(&path))
}

/// Opens the file, or makes it when there is none.
fn open(path: &Path) -> Result<Database, OpenError> {
    let io = |doing, source| OpenError::Io { doing, path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path)?,
        Err(error) => return Err(io("looking at", error)),
        Ok(found) if found.len() == 0 => {
            return Err(corrupt(path, "it is empty".to_owned()));
        }
        Ok(_) => {}
    }
    let file = File::options().read(true).write(true).open(path);
    let file = file.map_err(|source| io("opening", source))?;
    let trial = Trial::of(file).map_err(|error| refused(path, error))?;
    let db = guarded(|| builder().create_with_backend(trial.clone()));
    let db = db.map_err(|error| refused(path, error))?;
    let damaged = |fault: Fault| corrupt(path, fault.to_string());
    if guarded_read(|| is_prepared(&db)).map_err(damaged)? {
        prove(&db).map_err(damaged)?;
        trial.settle().map_err(|source| io("opening", source))?;
        return Ok(db);
    }
    // What is made on trial is dropped, and made for good by a commit of redb's own: a trial's
    // changes reach the file in no order that a crash between them would survive.
    guarded_read(|| make_tables(&db)).and_then(|()| prove(&db)).map_err(damaged)?;
    drop(db);
    drop(trial);
    let db = guarded(|| builder().create(path)).map_err(|error| refused(path, error))?;
    prepare(&db).map_err(damaged)?;
    Ok(db)
}

fn guarded_read<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    caught(read).unwrap_or_else(|why| Err(Fault::Unreadable(why)))
}

/// Reads what the store needs to start, so that a file that cannot give it is refused untouched.
fn prove(db: &Database) -> Result<(), Fault> {
    let read = || {
        let file = Snapshot::of(db)?;
        counters::read(&file)?;
        Ok(tables::load(&file).map(drop)?)
    };
    guarded_read(read)
}

/// Makes the tables that are missing, so that no reader meets a missing one, and brings rows of an
/// earlier version up to this one, in one transaction; a file that lacks nothing is left alone,
/// because on a full disk it must still open.
pub(crate) fn prepare(db: &Database) -> Result<(), Fault> {
    guarded_read(|| if is_prepared(db)? { Ok(()) } else { bring_up(db) })
}

fn is_prepared(db: &Database) -> Result<bool, Fault> {
    if !has_all_tables(db)? {
        return Ok(false);
    }
    let file = Snapshot::of(db)?;
    Ok(marks::has(&file, marks::KEYS_DECLARED)? && manifest::identity(&file)?.is_some())
}

fn has_all_tables(db: &Database) -> Result<bool, Fault> {
    let names: Vec<String> =
        db.begin_read()?.list_tables()?.map(|table| table.name().to_owned()).collect();
    Ok(layout::tables().all(|wanted| names.iter().any(|name| name == wanted)))
}

fn make_tables(db: &Database) -> Result<(), Fault> {
    let txn = begin(db)?;
    all_tables(&Tables::of(&txn))?;
    Ok(txn.commit()?)
}

fn bring_up(db: &Database) -> Result<(), Fault> {
    let txn = begin(db)?;
    let tables = Tables::of(&txn);
    upgrade(&tables)?;
    all_tables(&tables)?;
    name_history(&tables)?;
    drop(tables);
    Ok(txn.commit()?)
}

/// Gives the file the id of its history, unless it has one. No position is given out.
fn name_history(tables: &Tables<'_>) -> Result<(), Fault> {
    let mut attempt = Attempt::for_good(tables);
    manifest::make_identity(&mut Draft::on(&mut attempt, Counters::default()))?;
    Ok(())
}

fn all_tables(tables: &Tables<'_>) -> Result<(), Fault> {
    layout::tables().try_for_each(|name| tables.with(name, |_| Ok(())))
}

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

/// Runs what may panic on a damaged page (redb does on some) and returns its words instead.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason").to_owned()
    })
}

fn make(path: &Path) -> Result<(), OpenError> {
    let io = |doing, source| OpenError::Io { doing, path: path.to_owned(), source };
    let new = path.with_extension("redb.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io("clearing a half-made", error));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .map_err(|source| io("making", source))?;
    let db = builder().create(&new).map_err(|error| refused(&new, error))?;
    drop(db);
    File::open(&new).and_then(|file| file.sync_all()).map_err(|source| io("syncing", source))?;
    fs::rename(&new, path).map_err(|source| io("moving into place", source))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| io("syncing the directory of", source))
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn guarded(
    open: impl FnOnce() -> Result<Database, DatabaseError>,
) -> Result<Database, DatabaseError> {
    caught(open).unwrap_or_else(|why| Err(DatabaseError::Storage(StorageError::Corrupted(why))))
}

fn refused(path: &Path, error: DatabaseError) -> OpenError {
    let path = path.to_owned();
    match error {
        DatabaseError::Storage(StorageError::Io(source)) if !is_about_content(&source) => {
            OpenError::Io { doing: "opening", path, source }
        }
        DatabaseError::DatabaseAlreadyOpen => OpenError::Held { path, pid: None },
        other => OpenError::Corrupt { path, why: other.to_string() },
    }
}

/// redb reports a wrong magic number and an early end as errors of input and output.
fn is_about_content(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

fn corrupt(path: &Path, why: String) -> OpenError {
    OpenError::Corrupt { path: path.to_owned(), why }
}
