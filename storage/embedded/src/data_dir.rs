//! The data directory: made 0700, owned by us, claimed by one process at a time.
//!
//! The claim is a lock on `serve.lock`, which also names the holder's process id; the kernel drops
//! it with the process, so a crash leaves nothing to clean up. While the directory is not there any
//! more nothing is made in its place ([`Claimed`]). Opens no database.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use appliance_files::Claimed;
use rustix::fs::{FlockOperation, flock};

use crate::{OpenError, fault::is_out_of_room};

/// The archive's folder in the data directory.
pub(crate) const ARCHIVE: &str = "cold";

/// A claimed data directory. Clones share the claim; it falls with the last of them.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    _claim: Arc<(Claimed, File)>,
}

impl DataDir {
    /// Makes `path` if needed and claims it for this process.
    ///
    /// # Errors
    /// [`OpenError`] names the path and the way out; `Held` carries the holder's process id.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        make(path)?;
        check(path)?;
        let lock = claim(path)?;
        let claimed = Claimed::at(path).map_err(|source| not_writable(path, source))?;
        let path = path.canonicalize().map_err(|source| not_writable(path, source))?;
        Ok(Self { path, _claim: Arc::new((claimed, lock)) })
    }

    /// Returns the directory, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file that holds all records and the bus.
    #[must_use]
    pub fn state_file(&self) -> PathBuf {
        self.path.join("state.redb")
    }

    /// Returns the file whose lock is the claim.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.path.join(LOCK_FILE)
    }
}

const LOCK_FILE: &str = "serve.lock";

fn make(path: &Path) -> Result<(), OpenError> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Ok(()) => Ok(()),
        Err(_) if path.exists() && !path.is_dir() => {
            Err(OpenError::NotADirectory { path: path.to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(OpenError::NotADirectory { path: path.to_owned() })
        }
        Err(source) => Err(not_writable(path, source)),
    }
}

fn check(path: &Path) -> Result<(), OpenError> {
    let owner = fs::metadata(path).map_err(|source| not_writable(path, source))?.uid();
    let own = rustix::process::geteuid().as_raw();
    if owner == own {
        Ok(())
    } else {
        Err(OpenError::NotOurs { path: path.to_owned(), owner, own })
    }
}

fn claim(path: &Path) -> Result<File, OpenError> {
    let opened = appliance_files::kept_file(&path.join(LOCK_FILE));
    let mut file = opened.map_err(|source| not_writable(path, source))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(OpenError::Held { path: path.to_owned(), pid: holder(path) });
        }
        Err(errno) => return Err(not_writable(path, errno.into())),
    }
    let named = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    match named {
        // The lock is the claim: a full disk only leaves its holder without a name.
        Err(error) if !is_out_of_room(&error) => Err(not_writable(path, error)),
        _ => Ok(file),
    }
}

fn holder(path: &Path) -> Option<u32> {
    fs::read_to_string(path.join(LOCK_FILE)).ok()?.trim().parse().ok()
}

fn not_writable(path: &Path, source: io::Error) -> OpenError {
    OpenError::NotWritable { path: path.to_owned(), source }
}
