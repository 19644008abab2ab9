//! Why the data directory or the file in it cannot be opened, in words a person can act on.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Opening the data directory or the store failed; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path is something else than a directory.
    #[error("{} is not a directory; name a directory for the data", .path.display())]
    NotADirectory {
        /// The path that was given.
        path: PathBuf,
    },
    /// The directory belongs to another user.
    #[error(
        "data directory {} belongs to user id {owner}, this process runs as {own}; run it as that \
         user or name another directory", .path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Our user id.
        own: u32,
    },
    /// The directory cannot be made or written to.
    #[error("data directory {} is not writable: {source}; grant access or name another directory",
        .path.display())]
    NotWritable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A running server has the directory.
    #[error("data directory {} is in use by process {}; stop it or name another directory",
        .path.display(), .pid.map_or_else(|| "(unknown)".to_owned(), |pid| pid.to_string()))]
    Held {
        /// The directory.
        path: PathBuf,
        /// The holder's process id, if it has written it yet.
        pid: Option<u32>,
    },
    /// There was a history in the directory and its file is gone. Nothing was made.
    #[error("{} is missing, and {} is left of the history that was in it: put the file back from a \
         backup, or move everything out of the data directory to start empty",
        .path.display(), .sign.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What tells that there was one.
        sign: PathBuf,
    },
    /// The file is not a store, or is damaged. It is left as it is.
    #[error("{} is damaged and was left as it is: {why}; restore a backup, or move everything out \
         of the data directory to start empty", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Something of another kind stands in the place of a file or a folder. It is left as it is.
    #[error("{} is {stands} where {wanted} belongs: move it away, and put {wanted} back from a backup",
        .path.display())]
    InTheWay {
        /// The place.
        path: PathBuf,
        /// What stands there.
        stands: &'static str,
        /// What belongs there.
        wanted: &'static str,
    },
    /// The file cannot be reached.
    #[error("while {doing} {}: {source}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Refuses where something else than `wanted` stands at `path`; nothing there is fine.
pub(crate) fn refuse_another(path: &Path, wanted: &'static str) -> Result<(), OpenError> {
    match appliance_files::kind_at(path) {
        Ok(Some(stands)) if stands != wanted => {
            Err(OpenError::InTheWay { path: path.to_owned(), stands, wanted })
        }
        Ok(_) => Ok(()),
        Err(source) => Err(OpenError::Io { doing: "looking at", path: path.to_owned(), source }),
    }
}
