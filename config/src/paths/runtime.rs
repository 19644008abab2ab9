//! The runtime directory: sockets, the key of the people's socket, and the running server's card.
//!
//! Invariant: it is made and used only when it belongs to us and nobody else can enter; in /tmp
//! anybody could have put something there first.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{Host, MAX_SOCKET_BYTES, PathError, SYSTEM_RUN, host::settled};

/// The file with the key that the people's socket asks for, beside that socket.
pub const PEOPLE_KEY: &str = "people.key";

/// The directory of one server's sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeDir {
    path: PathBuf,
    uid: u32,
}

impl RuntimeDir {
    /// Returns the place for a server of `data_dir`. Creates nothing.
    #[must_use]
    pub fn of(host: &Host, data_dir: &Path) -> Self {
        let first = host.runtime_dirs(data_dir).into_iter().next();
        Self { path: first.unwrap_or_default(), uid: host.uid() }
    }

    /// Returns where a server of `data_dir` has its socket now, or the place for one. The package's
    /// service has its sockets in one place, wherever its data was moved to.
    #[must_use]
    pub fn find(host: &Host, data_dir: &Path) -> Self {
        let at = |path| Self { path, uid: host.uid() };
        let mut places = host.runtime_dirs(data_dir).into_iter().map(at);
        let service = at(PathBuf::from(SYSTEM_RUN));
        places
            .find(|place| place.path.join("api.sock").exists())
            .or_else(|| service.serves().filter(|its| *its == settled(data_dir)).map(|_| service))
            .unwrap_or_else(|| Self::of(host, data_dir))
    }

    /// Returns the data directory of the server that has, or had, its sockets in here.
    #[must_use]
    pub fn serves(&self) -> Option<PathBuf> {
        let card: serde_json::Value = serde_json::from_slice(&fs::read(self.card()).ok()?).ok()?;
        Some(settled(Path::new(card.get("data_dir")?.as_str()?)))
    }

    /// Returns the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory, 0700, or checks the one that is there.
    ///
    /// # Errors
    /// [`PathError::Unsafe`] when it belongs to somebody else, [`PathError::Io`].
    pub fn create(&self) -> Result<(), PathError> {
        if let Some(parent) = self.path.parent().filter(|parent| self.is_own_parent(parent)) {
            make(parent)?;
            self.check(parent)?;
        }
        make(&self.path)?;
        self.check(&self.path)
    }

    /// Tells whether a client may trust what answers in here.
    ///
    /// # Errors
    /// [`PathError::Unsafe`] when the directory belongs to another user.
    pub fn trust(&self) -> Result<(), PathError> {
        let Ok(found) = fs::symlink_metadata(&self.path) else { return Ok(()) };
        let system = self.path.starts_with("/run") && (self.uid == 0 || found.uid() == 0);
        if found.uid() == self.uid || system || self.path == Path::new(SYSTEM_RUN) {
            return Ok(());
        }
        Err(self.not_ours(&self.path, found.uid()))
    }

    /// Returns the path of the people's socket.
    ///
    /// # Errors
    /// [`PathError::TooLong`].
    pub fn api_socket(&self) -> Result<PathBuf, PathError> {
        self.socket("api.sock")
    }

    /// Returns the path of the agents' socket.
    ///
    /// # Errors
    /// [`PathError::TooLong`].
    pub fn agent_socket(&self) -> Result<PathBuf, PathError> {
        self.socket("agent.sock")
    }

    /// Returns the path of the key that the people's socket asks for: it lies beside the socket.
    #[must_use]
    pub fn people_key(&self) -> PathBuf {
        self.path.join(PEOPLE_KEY)
    }

    /// Returns the path of tmux's socket.
    ///
    /// # Errors
    /// [`PathError::TooLong`].
    pub fn tmux_socket(&self) -> Result<PathBuf, PathError> {
        self.socket("tmux.sock")
    }

    /// Returns the path of the running server's card (`serve.json`).
    #[must_use]
    pub fn card(&self) -> PathBuf {
        self.path.join("serve.json")
    }

    fn socket(&self, name: &str) -> Result<PathBuf, PathError> {
        let path = self.path.join(name);
        if path.as_os_str().len() > MAX_SOCKET_BYTES {
            return Err(PathError::TooLong { path });
        }
        Ok(path)
    }

    /// `/tmp/ai-infra-<uid>` is ours to make; `/run` and `$XDG_RUNTIME_DIR` are not.
    fn is_own_parent(&self, parent: &Path) -> bool {
        parent == Path::new(&format!("/tmp/ai-infra-{}", self.uid))
    }

    fn check(&self, dir: &Path) -> Result<(), PathError> {
        let io = |source| PathError::Io { path: dir.to_owned(), source };
        let found = fs::symlink_metadata(dir).map_err(io)?;
        if !found.is_dir() {
            return Err(unsafe_place(dir, "is not a directory".to_owned()));
        }
        if found.uid() != self.uid {
            return Err(self.not_ours(dir, found.uid()));
        }
        let mode = found.mode() & 0o777;
        if mode & 0o022 != 0 {
            return Err(unsafe_place(dir, format!("can be written by others (mode {mode:o})")));
        }
        if mode != 0o700 {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        Ok(())
    }

    fn not_ours(&self, dir: &Path, owner: u32) -> PathError {
        unsafe_place(dir, format!("belongs to user {owner}, not to user {}", self.uid))
    }
}

fn make(dir: &Path) -> Result<(), PathError> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(PathError::Io { path: dir.to_owned(), source }),
    }
}

fn unsafe_place(dir: &Path, why: String) -> PathError {
    PathError::Unsafe { path: dir.to_owned(), why }
}
