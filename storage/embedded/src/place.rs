//! Where `state.redb` is, and whether what lies there is the file that is open.
//!
//! A hand may take the file away, or lay another one in its place, while it is open: what was
//! acknowledged is then in no file with a name. It can still be read, and is copied into a new one.
//! Decides nothing: see `engine/stand.rs`.

use std::{
    fs::{self, File},
    io::{self, Seek as _, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::kept;

/// Bytes that are copied between two signs of life.
const AT_ONCE: usize = 1024 * 1024;

/// What lies at the file's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The file that is open, or none was opened yet.
    There,
    /// Nothing.
    Gone,
    /// Another file.
    Another,
    /// Nothing, and the directory is not the one that it was either.
    Astray,
}

/// The device and the number of a file.
type FileId = (u64, u64);

/// The place of the file.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    folder: Option<FileId>,
    open: Mutex<Option<OpenFile>>,
    /// The copy that was put back and is opened next, whatever is laid over it meanwhile.
    put: Mutex<Option<File>>,
}

/// The file that is open.
#[derive(Debug)]
struct OpenFile {
    id: FileId,
    /// Reads it whatever becomes of its name and of the handle; holds no lock.
    reader: File,
}

impl Place {
    /// Knows where the file is, in a directory that is there.
    pub fn at(path: &Path) -> Self {
        let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
        let (open, put) = (Mutex::default(), Mutex::default());
        Self { path: path.to_owned(), folder: folder.as_ref().map(id), open, put }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file that lies there, or the copy that was put there last.
    pub fn open_file(&self) -> io::Result<File> {
        if let Some(copy) = self.put.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(copy); // noted when it was put back
        }
        let file = read_and_write(&self.path)?;
        *self.open() = Some(noted(&file, &self.path)?);
        Ok(file)
    }

    /// Forgets the file that is open: another one was put in its place, and is opened next.
    pub fn forget(&self) {
        *self.open() = None;
    }

    /// Tells what lies there. What the system does not tell counts as there.
    pub fn stands(&self) -> Stands {
        let Some(wanted) = self.open().as_ref().map(|file| file.id) else { return Stands::There };
        match fs::metadata(&self.path) {
            Ok(found) if id(&found) == wanted => Stands::There,
            Ok(_) => Stands::Another,
            Err(error) if error.kind() != io::ErrorKind::NotFound => Stands::There,
            Err(_) if self.has_folder() => Stands::Gone,
            Err(_) => Stands::Astray,
        }
    }

    /// Returns the length of the file that is open.
    pub fn len(&self) -> io::Result<u64> {
        self.reading(|reader| Ok(reader.metadata()?.len()))
    }

    /// Copies the file that is open into a new one beside its place, whole and on disk when it
    /// returns; calls `moving` again and again meanwhile.
    pub fn copy(&self, moving: impl Fn()) -> io::Result<PathBuf> {
        let (path, mut new) = self.new_beside()?;
        let copied = self.reading(|reader| {
            let (mut piece, mut at) = (vec![0; AT_ONCE], 0);
            loop {
                moving();
                match reader.read_at(&mut piece, at)? {
                    0 => return new.sync_all(),
                    count => new.write_all(&piece[..count])?,
                }
                at = new.stream_position()?;
            }
        });
        match copied {
            Ok(()) => Ok(path),
            Err(error) => {
                let _ = fs::remove_file(&path); // half of it is of no use
                Err(error)
            }
        }
    }

    /// Gives a copy the file's name, unless something has it: it is the file that is opened next.
    pub fn put_back(&self, copy: &Path) -> io::Result<()> {
        let file = read_and_write(copy)?;
        let next = noted(&file, copy)?;
        renameat_with(CWD, copy, CWD, &self.path, RenameFlags::NOREPLACE)?;
        File::open(self.folder_path())?.sync_all()?;
        *self.open() = Some(next);
        *self.put.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    /// Makes a file that no start clears away, under the first name that is free.
    fn new_beside(&self) -> io::Result<(PathBuf, File)> {
        for number in 1.. {
            let path = kept::copy(&self.path, number);
            match appliance_files::new_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|file| (path, file)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn reading<T>(&self, read: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match self.open().as_ref() {
            Some(file) => read(&file.reader),
            None => Err(io::Error::other("no file is open")),
        }
    }

    fn has_folder(&self) -> bool {
        let found = fs::metadata(self.folder_path()).ok();
        found.is_some() && found.as_ref().map(id) == self.folder
    }

    fn folder_path(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn open(&self) -> MutexGuard<'_, Option<OpenFile>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_and_write(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(path)
}

/// Opens `file`, which was just opened at `path`, once more to read it.
fn noted(file: &File, path: &Path) -> io::Result<OpenFile> {
    let id_of = |file: &File| file.metadata().map(|found| id(&found));
    let reader = File::open(path)?;
    let id = id_of(file)?;
    if id_of(&reader)? != id {
        return Err(io::Error::other("another file was laid there meanwhile"));
    }
    Ok(OpenFile { id, reader })
}

fn id(found: &fs::Metadata) -> FileId {
    (found.dev(), found.ino())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_copy_that_was_put_back_is_opened_whatever_is_laid_over_it_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        fs::write(&path, "what was acknowledged").unwrap();
        let place = Place::at(&path);
        drop(place.open_file().unwrap());
        fs::remove_file(&path).unwrap();
        place.put_back(&place.copy(|| {}).unwrap()).unwrap();
        assert_eq!(place.stands(), Stands::There);

        fs::write(folder.path().join("other"), "somebody's own").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        let mut text = String::new();
        place.open_file().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "what was acknowledged");
        assert_eq!(place.stands(), Stands::Another);
        let again = place.copy(|| {}).unwrap();
        assert_eq!(fs::read(again).unwrap(), b"what was acknowledged");
    }
}
