//! The file: how it is made, opened and told apart from a damaged one. Knows no record.
//!
//! A new file is made beside its place and moved there once it is whole, so an empty or half-made
//! `state.redb` is always damage. Damage is refused and left as it was found: see [`crate::trial`].

use std::{
    fs::{self, File},
    io, iter,
    path::{Path, PathBuf},
    sync::Arc,
};

use appliance_core::ports::Damaged;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, StorageBackend, StorageError,
    TableHandle as _, backends::FileBackend,
};

use storage_rules::{
    Counters, Draft, Kind, Span, behind,
    bus::tables,
    counters, marks, sessions,
    tables::{TableView as _, names as table_names},
    tiers::manifest,
    users,
};

use crate::{
    OpenError,
    caught::caught,
    draft::{Attempt, Tables},
    fault::Fault,
    handle::Handle,
    making,
    medium::{Beside, Watched},
    open_error::refuse_another,
    pages::{self, Pages, Rows},
    place::Place,
    signs::FILE,
    snapshot::Snapshot,
    trial::Trial,
    upgrade::upgrade,
};

/// Opens the database; a way to put another one into tests.
pub(crate) type Opener = Box<dyn Fn() -> Result<Opened, OpenError> + Send>;

/// An open file.
pub(crate) struct Opened {
    /// The file.
    pub db: Handle,
    /// Why what redb wrote while it opened the file is not on disk, if it is not. Such a file is
    /// there to be read: what is written to it stays in memory.
    pub held: Option<io::Error>,
    /// What was found behind its rows and raised.
    pub raised: Option<Damaged>,
    /// What was not what was written, and is whole again.
    pub mended: Option<Damaged>,
}

/// Returns the opener of the file at `place`, which makes it the first time when there is none.
pub(crate) fn opener(place: &Arc<Place>, beside: &Beside) -> Opener {
    let (there, place) = (Arc::clone(place), Arc::clone(place));
    let disk = Box::new(move || on_disk(&there));
    let (path, beside, cache_bytes) =
        (place.path().to_owned(), beside.clone(), making::CACHE_BYTES);
    let file = StateFile { path, disk, beside, cache_bytes };
    let is_first = std::cell::Cell::new(true);
    Box::new(move || {
        if !is_first.replace(false) {
            return file.open();
        }
        file.be_there()?;
        let mended = file.check_pages()?;
        let opened = file.open()?;
        Ok(Opened { mended, ..opened })
    })
}

/// Returns the opener of what `disk` holds.
#[cfg(test)]
pub(crate) fn opener_over(
    disk: impl Fn() -> Box<dyn StorageBackend> + Send + 'static,
    beside: &Beside,
) -> Opener {
    let disk = Box::new(move || Ok(disk()));
    let (path, beside, cache_bytes) = ("memory".into(), beside.clone(), making::CACHE_BYTES / 128);
    let file = StateFile { path, disk, beside, cache_bytes };
    Box::new(move || file.open())
}

type Disk = Box<dyn Fn() -> Result<Box<dyn StorageBackend>, DatabaseError> + Send>;

/// The file: where it is, how it is reached, and what lies beside it.
struct StateFile {
    path: PathBuf,
    disk: Disk,
    beside: Beside,
    cache_bytes: usize,
}

fn on_disk(place: &Place) -> Result<Box<dyn StorageBackend>, DatabaseError> {
    let file =
        place.open_file().map_err(|error| DatabaseError::Storage(StorageError::Io(error)))?;
    Ok(Box::new(FileBackend::new(file)?))
}

impl StateFile {
    /// Makes the file when there is none.
    fn be_there(&self) -> Result<(), OpenError> {
        refuse_another(&self.path, "a file")?;
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&self.path),
            Err(error) => Err(self.io("looking at", error)),
            Ok(found) if found.len() == 0 => Err(self.corrupt("it is empty")),
            Ok(_) => Ok(()),
        }
    }

    /// Looks at every page. A file in which only rows are wrong is let through: they are left out and
    /// named when they are met. One in which a page is wrong and every row is read is made anew, and that
    /// is returned; any other is refused.
    fn check_pages(&self) -> Result<Option<Damaged>, OpenError> {
        let found = pages::look(&self.path, &self.beside);
        match found.map_err(|error| refused(&self.path, *error))? {
            Pages::Whole | Pages::WrongRows => Ok(None),
            Pages::Wrong(rows) => self.make_anew(&rows).map(Some),
            Pages::Lost(why) => {
                Err(self.corrupt(&format!("a page is not what was written ({why})")))
            }
        }
    }

    /// Puts a copy of `rows` in the file's place; until then that is left as it is.
    fn make_anew(&self, rows: &Rows) -> Result<Damaged, OpenError> {
        let copy = making::beside(&self.path);
        let copied = guarded_read(|| rows.copy(&copy, &self.beside.signs, prove));
        let put = copied.map_err(|fault| self.unusable(fault)).and_then(|()| {
            making::put_in_place(&copy, &self.path).map_err(|error| self.io("mending", error))
        });
        put.inspect_err(|_| making::clear(&self.path))?;
        let what = rows.told();
        tracing::warn!(event = "mended", "{what}");
        Ok(Damaged { place: FILE.to_owned(), what, memory: None })
    }

    fn open(&self) -> Result<Opened, OpenError> {
        let (db, trial) = self.on_trial()?;
        if guarded_read(|| is_prepared(&db)).map_err(|fault| self.unusable(fault))? {
            prove(&db).map_err(|fault| self.unusable(fault))?;
            return self.settled(db, &trial);
        }
        // What is made on trial is dropped, and made for good by a commit of redb's own: a trial's
        // changes reach the file in no order that a crash between them would survive.
        let made = guarded_read(|| make_tables(&db)).and_then(|()| prove(&db));
        made.map_err(|fault| self.unusable(fault))?;
        drop(db);
        drop(trial);
        self.brought_up()
    }

    fn on_trial(&self) -> Result<(Handle, Trial), OpenError> {
        let trial = Trial::of(self.watched()?).map_err(|error| self.io("opening", error))?;
        let db = guarded(|| self.builder().create_with_backend(trial.clone()));
        Ok((db.map_err(|error| refused(&self.path, error))?, trial))
    }

    fn watched(&self) -> Result<Watched, OpenError> {
        let disk = (self.disk)().map_err(|error| refused(&self.path, error))?;
        Ok(Watched::over(disk, &self.beside))
    }

    fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_cache_size(self.cache_bytes);
        builder
    }

    /// Ends the trial; where there is no room for that, the file is there to be read.
    fn settled(&self, db: Handle, trial: &Trial) -> Result<Opened, OpenError> {
        match trial.settle() {
            Ok(()) => Ok(Opened { db, held: None, raised: None, mended: None }),
            Err(error) if self.beside.signs.lost_sync().is_some() => Err(self.io("syncing", error)),
            Err(error) => Ok(Opened { db, held: Some(error), raised: None, mended: None }),
        }
    }

    /// Opens the file and brings it up to this version; where there is no room for that, this is
    /// done in memory alone, and the file is there to be read.
    fn brought_up(&self) -> Result<Opened, OpenError> {
        let disk = self.watched()?;
        let db = guarded(|| self.builder().create_with_backend(disk));
        let db = db.map_err(|error| refused(&self.path, error))?;
        let fault = match prepare(&db) {
            Ok(raised) => return Ok(Opened { db, held: None, raised, mended: None }),
            Err(fault) => self.unusable(fault),
        };
        let OpenError::Io { source, .. } = fault else { return Err(fault) };
        if self.beside.signs.lost_sync().is_some() {
            return Err(self.io("syncing", source));
        }
        drop(db);
        let (db, _) = self.on_trial()?;
        let raised = prepare(&db).map_err(|fault| self.unusable(fault))?;
        Ok(Opened { db, held: Some(source), raised, mended: None })
    }

    /// Tells damage from a disk that fails.
    fn unusable(&self, fault: Fault) -> OpenError {
        match fault.disk() {
            Some(error) if !is_about_content(error) => {
                self.io("reading or writing", io::Error::new(error.kind(), fault))
            }
            _ => self.corrupt(&fault.to_string()),
        }
    }

    fn io(&self, doing: &'static str, source: io::Error) -> OpenError {
        OpenError::Io { doing, path: self.path.clone(), source }
    }

    fn corrupt(&self, why: &str) -> OpenError {
        OpenError::Corrupt { path: self.path.clone(), why: why.to_owned() }
    }
}

fn guarded_read<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    caught(read).unwrap_or_else(|why| Err(Fault::caught(why)))
}

/// Reads what the store needs to start, and what nobody can log in without, so that a file that
/// cannot give it is refused untouched.
fn prove(db: &Database) -> Result<(), Fault> {
    let read = || {
        let file = Snapshot::of(db)?;
        counters::read(&file)?;
        tables::load(&file)?;
        ESSENTIAL.iter().try_for_each(|kind| ends_of(&file, kind))
    };
    guarded_read(read)
}

/// Tables without which nobody can be served.
static ESSENTIAL: [&Kind; 2] = [&users::USERS, &sessions::SESSIONS];

/// Reads the first and the last row of a kind, and of its declared keys.
fn ends_of(file: &Snapshot, kind: &Kind) -> Result<(), Fault> {
    let names = iter::once(kind.name).chain(kind.keys.iter().map(|key| key.name));
    for name in names {
        for span in [Span::all(), Span::newest(&[], None)] {
            file.values(name, &span, 1)?;
        }
    }
    Ok(())
}

/// Makes the tables that are missing, so that no reader meets a missing one, and brings rows of an
/// earlier version up to this one, in one transaction; a file that lacks nothing is left alone,
/// because on a full disk it must still open. Returns what was behind its rows.
pub(crate) fn prepare(db: &Database) -> Result<Option<Damaged>, Fault> {
    guarded_read(|| if is_prepared(db)? { Ok(None) } else { bring_up(db) })
}

fn is_prepared(db: &Database) -> Result<bool, Fault> {
    if !has_all_tables(db)? {
        return Ok(false);
    }
    let file = Snapshot::of(db)?;
    let all = [marks::KEYS_DECLARED, marks::TRACES_DECLARED, marks::FORMS_DECLARED];
    let is_marked =
        all.iter().map(|mark| marks::has(&file, mark)).collect::<Result<Vec<_>, _>>()?;
    let is_whole = !is_marked.contains(&false) && manifest::identity(&file)?.is_some();
    Ok(is_whole && behind::find(&file)?.is_none())
}

fn has_all_tables(db: &Database) -> Result<bool, Fault> {
    let names: Vec<String> =
        db.begin_read()?.list_tables()?.map(|table| table.name().to_owned()).collect();
    Ok(table_names().all(|wanted| names.iter().any(|name| name == wanted)))
}

fn make_tables(db: &Database) -> Result<(), Fault> {
    let txn = making::begin(db)?;
    all_tables(&Tables::of(&txn))?;
    Ok(txn.commit()?)
}

fn bring_up(db: &Database) -> Result<Option<Damaged>, Fault> {
    let txn = making::begin(db)?;
    let tables = Tables::of(&txn);
    upgrade(&tables)?;
    all_tables(&tables)?;
    name_history(&tables)?;
    let raised = raise(&tables)?;
    drop(tables);
    txn.commit()?;
    Ok(raised)
}

/// Raises numbers that lie behind the rows they were given to, before one is given again.
fn raise(tables: &Tables<'_>) -> Result<Option<Damaged>, Fault> {
    let mut attempt = Attempt::for_good(tables);
    let Some(behind) = behind::find(&attempt)? else { return Ok(None) };
    behind::raise(&mut Draft::on(&mut attempt, Counters::default()), &behind)?;
    Ok(Some(behind.told()))
}

/// Gives the file the id of its history, unless it has one. No position is given out.
fn name_history(tables: &Tables<'_>) -> Result<(), Fault> {
    let mut attempt = Attempt::for_good(tables);
    manifest::make_identity(&mut Draft::on(&mut attempt, Counters::default()))?;
    Ok(())
}

fn all_tables(tables: &Tables<'_>) -> Result<(), Fault> {
    table_names().try_for_each(|name| tables.with(name, |_| Ok(())))
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
    drop(appliance_files::new_file(&new).map_err(|source| io("making", source))?);
    let db = Builder::new().create(&new).map_err(|error| refused(&new, error))?;
    drop(db);
    File::open(&new).and_then(|file| file.sync_all()).map_err(|source| io("syncing", source))?;
    making::put_in_place(&new, path).map_err(|source| io("moving into place", source))
}

fn guarded(
    open: impl FnOnce() -> Result<Database, DatabaseError>,
) -> Result<Handle, DatabaseError> {
    let opened = caught(open);
    let opened = opened.unwrap_or_else(|why| Err(StorageError::Corrupted(why).into()));
    opened.map(Handle::on)
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
