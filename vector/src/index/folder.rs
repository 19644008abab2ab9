//! Where an index keeps its files: a folder of its own, or nowhere, and then unlinked files.
//!
//! Files have numbers that are never used twice while the index is open. A file is deleted when
//! neither what was saved last nor the index in memory uses it. Touches no file of another name.
//!
//! Invariant: what the saved index names is there, at every moment.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The file that names all others.
pub(super) const INDEX: &str = "vectors.index";

/// What a file of the folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// Exact vectors.
    Exact,
    /// Codes, links and ids of a segment.
    Segment,
}

impl Holds {
    fn prefix(self) -> &'static str {
        match self {
            Self::Exact => "exact-",
            Self::Segment => "segment-",
        }
    }
}

/// A file's name.
pub(super) fn name(holds: Holds, number: u64) -> String {
    format!("{}{number}.vec", holds.prefix())
}

fn parsed(name: &str) -> Option<(Holds, u64)> {
    let holds =
        [Holds::Exact, Holds::Segment].into_iter().find(|it| name.starts_with(it.prefix()))?;
    let number = name.strip_prefix(holds.prefix())?.strip_suffix(".vec")?;
    number.parse().ok().map(|number| (holds, number))
}

/// The folder.
#[derive(Debug)]
pub(super) struct Folder {
    dir: Option<PathBuf>,
    numbers: Mutex<Numbers>,
    damaged: AtomicBool,
}

#[derive(Debug, Default)]
struct Numbers {
    next: u64,
    /// Of files that the index in memory uses, or is writing.
    used: BTreeSet<u64>,
}

/// A file's number, for as long as the file is in use.
#[derive(Debug)]
pub(super) struct Number {
    folder: Arc<Folder>,
    pub(super) value: u64,
}

impl Drop for Number {
    fn drop(&mut self) {
        self.folder.numbers().used.remove(&self.value);
    }
}

impl Folder {
    /// For an index in memory: files have no names.
    pub(super) fn nowhere() -> Arc<Self> {
        let (numbers, damaged) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { dir: None, numbers, damaged })
    }

    /// Takes a folder over, and makes it if need be.
    pub(super) fn at(dir: &Path) -> io::Result<Arc<Self>> {
        appliance_files::own_folder(dir)?;
        if appliance_files::is_odd(&dir.join(INDEX)) {
            appliance_files::set_aside(&dir.join(INDEX))?; // or what is saved could not take its place
        }
        let next = files(dir)?.iter().map(|(_, number)| number + 1).max().unwrap_or(1);
        let numbers = Mutex::new(Numbers { next, used: BTreeSet::new() });
        Ok(Arc::new(Self { dir: Some(dir.to_owned()), numbers, damaged: AtomicBool::new(false) }))
    }

    /// Returns where it is, if anywhere.
    pub(super) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Makes a new file; one without a name where the index has no folder.
    pub(super) fn create(self: &Arc<Self>, holds: Holds) -> io::Result<(File, Number)> {
        let number = self.number(None);
        let file = match &self.dir {
            None => tempfile::tempfile()?,
            Some(dir) => appliance_files::new_file(&dir.join(name(holds, number.value)))?,
        };
        Ok((file, number))
    }

    /// Opens a file that the saved index names.
    pub(super) fn open(self: &Arc<Self>, holds: Holds, number: u64) -> io::Result<(File, Number)> {
        let Some(dir) = &self.dir else { return Err(io::ErrorKind::NotFound.into()) };
        let file = appliance_files::opened(&dir.join(name(holds, number)))?;
        Ok((file, self.number(Some(number))))
    }

    /// Deletes every file that is neither named in `saved` nor in use.
    pub(super) fn sweep(&self, saved: &BTreeSet<(Holds, u64)>) -> io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        for (holds, number) in files(dir)? {
            // Held while deleting: a number that is not used now never is again.
            let numbers = self.numbers();
            let unused = !saved.contains(&(holds, number)) && !numbers.used.contains(&number);
            if unused && number < numbers.next {
                fs::remove_file(dir.join(name(holds, number)))?;
            }
        }
        Ok(())
    }

    /// Notes, once, that a file's bytes are not what was written: says so loudly, and takes the saved
    /// index away, so that the next start builds it anew from the records.
    pub(super) fn damage(&self, what: &str) {
        if self.damaged.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(dir) = &self.dir else { return };
        let removed = fs::remove_file(dir.join(INDEX));
        tracing::error!(
            event = "degraded",
            folder = %dir.display(),
            removed = removed.is_ok(),
            "the vector index is damaged ({what}); it answers from its codes, a little less exactly, \
             and is built anew from the memories at the next start or reindex"
        );
    }

    /// Tells whether damage was noted.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    fn number(self: &Arc<Self>, known: Option<u64>) -> Number {
        let mut numbers = self.numbers();
        let value = known.unwrap_or(numbers.next);
        numbers.next = numbers.next.max(value + 1);
        numbers.used.insert(value);
        Number { folder: Arc::clone(self), value }
    }

    fn numbers(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn files(dir: &Path) -> io::Result<Vec<(Holds, u64)>> {
    let mut found = Vec::new();
    for file in fs::read_dir(dir)? {
        found.extend(file?.file_name().to_str().and_then(parsed));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::{Folder, Holds};

    #[test]
    fn a_sweep_deletes_what_is_neither_saved_nor_in_use_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("exact-7.vec"), "left behind").unwrap();
        fs::write(dir.path().join("exact-x.vec"), "not ours").unwrap();
        fs::write(dir.path().join("notes.txt"), "not ours").unwrap();
        let folder = Folder::at(dir.path()).unwrap();
        let (_, used) = folder.create(Holds::Exact).unwrap();
        let (_, dropped) = folder.create(Holds::Segment).unwrap();
        let (_, saved) = folder.create(Holds::Segment).unwrap();
        assert_eq!((used.value, dropped.value, saved.value), (8, 9, 10));
        let named = BTreeSet::from([(Holds::Segment, saved.value)]);
        drop((dropped, saved));
        folder.sweep(&named).unwrap();
        let left = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["exact-8.vec", "exact-x.vec", "notes.txt", "segment-10.vec"]);
    }
}
