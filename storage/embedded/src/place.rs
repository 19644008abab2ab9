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
        Self { path: path.to_owned(), folder: folder.as_ref().map(id), open: Mutex::default() }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes the file that was opened there.
    pub fn note_opened(&self, file: &File) -> io::Result<()> {
        let id_of = |file: &File| file.metadata().map(|found| id(&found));
        let reader = File::open(&self.path)?;
        let id = id_of(file)?;
        if id_of(&reader)? != id {
            return Err(io::Error::other("another file was laid there meanwhile"));
        }
        *self.open() = Some(OpenFile { id, reader });
        Ok(())
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

    /// Gives a copy the file's name, unless something has it.
    pub fn put_back(&self, copy: &Path) -> io::Result<()> {
        renameat_with(CWD, copy, CWD, &self.path, RenameFlags::NOREPLACE)?;
        File::open(self.folder_path())?.sync_all()
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

fn id(found: &fs::Metadata) -> FileId {
    (found.dev(), found.ino())
}
