//! The file of the cache, `vectors.redb`: rows in, rows out, and no error for anybody.
//!
//! What goes wrong is logged here. A damaged file is moved aside and made anew, at once and while
//! running; one that is held by another process or cannot be made is done without. Two tables, so
//! that a sweep over the uses does not read the vectors.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use appliance_core::Embedding;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, StorageError, TableDefinition,
};

use super::{
    key::Key,
    row::{self, Use},
};

/// Key: see `key.rs`. Value: see `row.rs`.
const VECTORS: TableDefinition<&Key, &[u8]> = TableDefinition::new("vectors.v1");
const USES: TableDefinition<&Key, &[u8]> = TableDefinition::new("uses.v1");

/// Pages kept in memory: a few hundred vectors; the host's own cache has the rest.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// The rows, or nothing where there is no file to be had.
#[derive(Debug)]
pub(super) struct Shelf {
    path: PathBuf,
    file: RwLock<Option<Arc<Database>>>,
}

/// What a step of a sweep did.
pub(super) struct Swept {
    pub dropped: u64,
    /// Where the next step goes on, if there is more.
    pub next: Option<Key>,
}

/// Everything that can go wrong in here; it goes no further than the log.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Redb(#[from] redb::Error),
    #[error("a page cannot be read: {0}")]
    Unreadable(String),
}

impl Fault {
    fn is_damage(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Redb(redb::Error::Corrupted(_)))
    }
}

/// Lets `?` take every error of redb.
trait IntoFault<T> {
    fn told(self) -> Result<T, Fault>;
}

impl<T, E: Into<redb::Error>> IntoFault<T> for Result<T, E> {
    fn told(self) -> Result<T, Fault> {
        self.map_err(|error| Fault::Redb(error.into()))
    }
}

impl Shelf {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> Self {
        Self { path: path.to_owned(), file: RwLock::new(open_or_renew(path)) }
    }

    /// Returns how many vectors there are.
    pub(super) fn stored(&self) -> u64 {
        let count =
            |db: &Database| db.begin_read().told()?.open_table(VECTORS).told()?.len().told();
        self.run("counting", count).unwrap_or(0)
    }

    /// Returns the rows of those of `keys` that are there and whole.
    pub(super) fn read<'a>(
        &self,
        keys: impl Iterator<Item = &'a Key>,
        dim: usize,
    ) -> HashMap<Key, (Embedding, Use)> {
        let read = |db: &Database| {
            let txn = db.begin_read().told()?;
            let vectors = txn.open_table(VECTORS).told()?;
            let uses = txn.open_table(USES).told()?;
            let mut found = HashMap::new();
            for key in keys {
                let Some(vector) = vectors.get(key).told()? else { continue };
                let used = uses.get(key).told()?;
                let used = used.as_ref().and_then(|row| row::open_use(key, row.value()));
                match (row::open_vector(key, vector.value(), dim), used) {
                    (Some(vector), Some(used)) => drop(found.insert(*key, (vector, used))),
                    _ => tracing::warn!(
                        event = "degraded",
                        file = %self.path.display(),
                        "a row of the vector cache is damaged; its text is embedded anew"
                    ),
                }
            }
            Ok(found)
        };
        self.run("reading", read).unwrap_or_default()
    }

    /// Stores vectors as used just now.
    pub(super) fn write(&self, rows: &[(Key, Embedding)], used: Use) {
        let write = |db: &Database| {
            change(db, |vectors, uses| {
                for (key, vector) in rows {
                    vectors.insert(key, row::seal_vector(key, vector).as_slice()).told()?;
                    uses.insert(key, row::seal_use(key, used).as_slice()).told()?;
                }
                Ok(())
            })
        };
        self.run("writing", write);
    }

    /// Marks rows as used just now, or as kept; what is kept stays so.
    pub(super) fn mark(&self, keys: &[Key], used: Use) {
        let mark = |db: &Database| {
            change(db, |vectors, uses| {
                for key in keys {
                    let before =
                        uses.get(key).told()?.and_then(|row| row::open_use(key, row.value()));
                    let kept = used.kept || before.is_some_and(|before| before.kept);
                    if vectors.get(key).told()?.is_some() {
                        let row = row::seal_use(key, Use { kept, ..used });
                        uses.insert(key, row.as_slice()).told()?;
                    }
                }
                Ok(())
            })
        };
        self.run("marking", mark);
    }

    /// Looks at `limit` uses after `after` and drops the rows that are not kept and were last used
    /// before `oldest`, and those that cannot be read; `None` when the file fails.
    pub(super) fn sweep(&self, oldest: u64, after: Option<Key>, limit: usize) -> Option<Swept> {
        let sweep = |db: &Database| {
            let (over, next) = overdue(db, oldest, after, limit)?;
            if !over.is_empty() {
                remove(db, &over)?;
            }
            Ok(Swept { dropped: over.len() as u64, next })
        };
        self.run("sweeping", sweep)
    }

    /// Drops all rows but those under `keys`, which go into a new file that takes this one's place.
    /// What is written meanwhile is lost, as far as a cache can lose something.
    pub(super) fn keep_only(&self, keys: &HashSet<Key>) {
        let aside = self.path.with_extension("redb.anew");
        let Some(new) = self.run("making anew", |db| copied(db, &aside, keys)) else { return };
        let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let placed = std::fs::rename(&aside, &self.path)
            .and_then(|()| File::open(folder))
            .and_then(|folder| folder.sync_all());
        match placed {
            Ok(()) => *file = Some(Arc::new(new)),
            Err(error) => tracing::warn!(
                event = "degraded",
                file = %self.path.display(),
                %error,
                "the vector cache keeps vectors of purged texts"
            ),
        }
    }

    /// Runs a piece of work on the file; logs what goes wrong, and renews a damaged file.
    fn run<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Database) -> Result<T, Fault>,
    ) -> Option<T> {
        let file = self.file.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let fault = match caught(|| work(&file)).unwrap_or_else(|why| Err(Fault::Unreadable(why))) {
            Ok(done) => return Some(done),
            Err(fault) => fault,
        };
        tracing::warn!(
            event = "degraded",
            file = %self.path.display(),
            doing,
            error = %fault,
            "the vector cache failed; texts are embedded without it"
        );
        if fault.is_damage() {
            self.renew(&file);
        }
        None
    }

    /// Puts a new file in the place of the damaged one, unless another caller has done so.
    fn renew(&self, damaged: &Arc<Database>) {
        let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
        if file.as_ref().is_some_and(|now| Arc::ptr_eq(now, damaged)) {
            *file = renewed(&self.path);
        }
    }
}

type Rows<'txn> = redb::Table<'txn, &'static Key, &'static [u8]>;

/// Changes both tables in one commit.
fn change(
    db: &Database,
    work: impl FnOnce(&mut Rows<'_>, &mut Rows<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut txn = db.begin_write().told()?;
    txn.set_quick_repair(true); // else the whole file is read after a crash
    {
        let mut vectors = txn.open_table(VECTORS).told()?;
        let mut uses = txn.open_table(USES).told()?;
        work(&mut vectors, &mut uses)?;
    }
    txn.commit().told()
}

fn remove(db: &Database, keys: &[Key]) -> Result<(), Fault> {
    change(db, |vectors, uses| {
        for key in keys {
            vectors.remove(key).told()?;
            uses.remove(key).told()?;
        }
        Ok(())
    })
}

/// Copies the rows under `keys` into a new file at `to`.
fn copied(db: &Database, to: &Path, keys: &HashSet<Key>) -> Result<Database, Fault> {
    match std::fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Fault::Redb(redb::Error::Io(error)));
        }
        _ => {}
    }
    let (new, txn) = (make(to)?, db.begin_read().told()?);
    let (from, used) = (txn.open_table(VECTORS).told()?, txn.open_table(USES).told()?);
    change(&new, |vectors, uses| {
        for row in from.iter().told()? {
            let (key, vector) = row.told()?;
            if !keys.contains(key.value()) {
                continue;
            }
            vectors.insert(key.value(), vector.value()).told()?;
            if let Some(used) = used.get(key.value()).told()? {
                uses.insert(key.value(), used.value()).told()?;
            }
        }
        Ok(())
    })?;
    Ok(new)
}

fn overdue(
    db: &Database,
    oldest: u64,
    after: Option<Key>,
    limit: usize,
) -> Result<(Vec<Key>, Option<Key>), Fault> {
    let uses = db.begin_read().told()?.open_table(USES).told()?;
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let (mut over, mut last, mut seen) = (Vec::new(), None, 0);
    for row in uses.range::<&Key>((from, Bound::Unbounded)).told()?.take(limit) {
        let (key, value) = row.told()?;
        let key = *key.value();
        let used = row::open_use(&key, value.value());
        if used.is_none_or(|used| !used.kept && used.at < oldest) {
            over.push(key);
        }
        last = Some(key);
        seen += 1;
    }
    Ok((over, last.filter(|_| seen == limit)))
}

/// Runs what may panic on a damaged page (redb does on some) and returns its words instead.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason").to_owned()
    })
}

fn open_or_renew(path: &Path) -> Option<Arc<Database>> {
    let error = match make(path) {
        Ok(db) => return Some(Arc::new(db)),
        Err(error) => error,
    };
    tracing::warn!(
        event = "degraded",
        file = %path.display(),
        error = %error,
        "the vector cache cannot be opened"
    );
    if error.is_damage() { renewed(path) } else { None }
}

/// Moves the damaged file aside, where an operator finds it, and makes a new one.
fn renewed(path: &Path) -> Option<Arc<Database>> {
    let aside = path.with_extension("redb.broken");
    let made = std::fs::rename(path, &aside)
        .map_err(|error| Fault::Unreadable(error.to_string()))
        .and_then(|()| make(path));
    match made {
        Ok(db) => {
            tracing::warn!(
                event = "degraded",
                file = %path.display(),
                aside = %aside.display(),
                "the vector cache was damaged and is made anew; texts are embedded as they come"
            );
            Some(Arc::new(db))
        }
        Err(error) => {
            tracing::error!(
                event = "degraded",
                file = %path.display(),
                error = %error,
                "the vector cache cannot be made; every text is embedded each time"
            );
            None
        }
    }
}

fn make(path: &Path) -> Result<Database, Fault> {
    let made = appliance_files::kept_file(path);
    drop(made.map_err(|error| Fault::Redb(redb::Error::Io(error)))?);
    let open = || {
        let db = Builder::new().set_cache_size(CACHE_BYTES).create(path).map_err(damaged)?;
        change(&db, |_, _| Ok(()))?; // makes the tables, so that no reader meets a missing one
        Ok(db)
    };
    caught(open).unwrap_or_else(|why| Err(Fault::Unreadable(why)))
}

/// redb reports a wrong magic number and an early end as errors of input and output.
fn damaged(error: DatabaseError) -> Fault {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        DatabaseError::Storage(StorageError::Io(error))
            if matches!(error.kind(), InvalidData | UnexpectedEof) =>
        {
            Fault::Unreadable(error.to_string())
        }
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
            Fault::Unreadable(error.to_string())
        }
        error => Fault::Redb(error.into()),
    }
}
