//! The folder of a text index as tantivy sees it: a file is read whole when it is opened, and checked.
//!
//! tantivy's own directory maps its files, and whoever truncates a mapped file kills the process. Here
//! nobody sees a byte that was not written, and what was opened stays as it is whatever becomes of the
//! file; the price is that the index lies in memory. Knows nothing of what the files hold.
//!
//! Invariant: after [`retire`](Files::retire) nothing that an index given up still has under way
//! changes a name in the folder.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak},
};

use tantivy::{
    Directory,
    directory::{
        AntiCallToken, DirectoryLock, FileHandle, FileSlice, Lock, OwnedBytes, TerminatingWrite,
        WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, LockError, OpenReadError, OpenWriteError},
        footer::Footer,
    },
};

/// What tantivy names its list of segments.
pub(super) const META: &str = "meta.json";

/// The files of one index; all clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Files {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// Those that somebody has open: each is in memory once.
    open: Mutex<HashMap<PathBuf, Weak<[u8]>>>,
    retired: RwLock<bool>,
}

impl Files {
    /// Says where they are; opens none.
    pub(super) fn of(folder: &Path) -> Self {
        let (open, retired) = (Mutex::default(), RwLock::new(false));
        Self { shared: Arc::new(Shared { folder: folder.to_owned(), open, retired }) }
    }

    /// Returns the folder.
    pub(super) fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Lets nothing be written or deleted any more; returns when nothing is.
    pub(super) fn retire(&self) {
        *self.shared.retired.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Says which file is not there any more as it was when it was opened; looks at no contents.
    pub(super) fn changed(&self) -> Option<String> {
        let open = self.open();
        let meta = fs::metadata(self.at(Path::new(META)));
        if !meta.is_ok_and(|found| found.is_file()) {
            return Some(format!("its {META} is gone"));
        }
        let stands =
            |found: Metadata, held: &[u8]| found.is_file() && found.len() == held.len() as u64;
        let mut held = open.iter().filter_map(|(path, held)| Some((path, held.upgrade()?)));
        let (path, _) = held.find(|(path, held)| {
            !fs::metadata(self.at(path)).is_ok_and(|found| stands(found, held))
        })?;
        Some(format!("its file {} is gone or was cut short", path.display()))
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.shared.folder.join(path)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<PathBuf, Weak<[u8]>>> {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds off [`retire`](Self::retire) while something is changed.
    fn changing(&self) -> io::Result<RwLockReadGuard<'_, bool>> {
        let retired = self.shared.retired.read().unwrap_or_else(PoisonError::into_inner);
        if *retired { Err(io::Error::other("the index was given up")) } else { Ok(retired) }
    }

    fn load(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let bytes: Arc<[u8]> = appliance_files::read(&self.at(path))?.into();
        let whole = FileSlice::new(Arc::new(OwnedBytes::new(bytes.clone())));
        let (footer, body) = Footer::extract_footer(whole)?;
        if crc32fast::hash(&body.read_bytes()?) != footer.crc {
            let why = format!("the checksum of {} does not match", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        Ok(bytes)
    }
}

impl Directory for Files {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let mut open = self.open();
        if let Some(held) = open.get(path).and_then(Weak::upgrade) {
            return Ok(Arc::new(OwnedBytes::new(held)));
        }
        let bytes = self.load(path).map_err(|why| unread(why, path))?;
        open.retain(|_, held| held.strong_count() > 0);
        open.insert(path.to_owned(), Arc::downgrade(&bytes));
        Ok(Arc::new(OwnedBytes::new(bytes)))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let refused = |why: io::Error| match why.kind() {
            io::ErrorKind::NotFound => DeleteError::FileDoesNotExist(path.to_owned()),
            _ => DeleteError::IoError { io_error: Arc::new(why), filepath: path.to_owned() },
        };
        let _changing = self.changing().map_err(refused)?;
        let mut open = self.open();
        open.remove(path); // whoever still reads it has it in memory
        fs::remove_file(self.at(path)).map_err(refused)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.at(path).try_exists().map_err(|why| unread(why, path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let refused = |why: io::Error| match why.kind() {
            io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::IoError { io_error: Arc::new(why), filepath: path.to_owned() },
        };
        let _changing = self.changing().map_err(refused)?;
        let file = appliance_files::new_file(&self.at(path)).map_err(refused)?;
        Ok(BufWriter::new(Box::new(Written(file))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        appliance_files::read(&self.at(path)).map_err(|why| unread(why, path))
    }

    fn atomic_write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let _changing = self.changing()?;
        appliance_files::swap_in(&self.at(path), bytes)
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(self.folder())?.sync_data()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let refused = |why| LockError::IoError(Arc::new(why));
        let file = appliance_files::kept_file(&self.at(&lock.filepath)).map_err(refused)?;
        if lock.is_blocking {
            file.lock().map_err(refused)?;
        } else {
            file.try_lock().map_err(|_| LockError::LockBusy)?;
        }
        Ok(DirectoryLock::from(Box::new(file)))
    }

    /// Nobody waits for a commit of somebody else's.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A file that is being written.
struct Written(File);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Written {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.sync_data()
    }
}

fn unread(why: io::Error, path: &Path) -> OpenReadError {
    match why.kind() {
        io::ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path.to_owned()),
        _ => OpenReadError::IoError { io_error: Arc::new(why), filepath: path.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &Files, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut writer = files.open_write(Path::new(name)).map_err(io::Error::other)?;
        writer.write_all(bytes)?;
        writer.terminate()
    }

    #[test]
    fn what_was_opened_stays_as_it_was_and_a_change_of_its_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        files.atomic_write(Path::new(META), b"{}").unwrap();
        // As tantivy ends each of its files.
        let managed = tantivy::directory::ManagedDirectory::wrap(Box::new(files.clone())).unwrap();
        let mut writer = managed.open_write(Path::new("a.term")).unwrap();
        writer.write_all(&[7; 5_000]).unwrap();
        writer.terminate().unwrap();
        let held = managed.open_read(Path::new("a.term")).unwrap();
        assert_eq!(files.changed(), None);
        File::options().write(true).open(folder.path().join("a.term")).unwrap().set_len(9).unwrap();
        assert_eq!(*held.read_bytes().unwrap(), [7; 5_000]);
        assert!(files.changed().is_some_and(|why| why.contains("a.term")));
        drop(held);
        assert_eq!(files.changed(), None, "nobody reads it");
        assert!(managed.open_read(Path::new("a.term")).is_err());
    }

    #[test]
    fn files_that_were_given_up_are_changed_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        write(&files, "a", b"first").unwrap();
        files.clone().retire();
        assert!(write(&files, "b", b"second").is_err());
        assert!(files.atomic_write(Path::new("a"), b"second").is_err());
        assert!(files.delete(Path::new("a")).is_err());
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
