//! Why an index could not be saved or opened.

use std::{io, path::PathBuf};

/// Why an index could not be saved or opened.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file system said no.
    #[error(
        "while {doing} the vector index {}: {source}; check its owner and the free space",
        path.display()
    )]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It is whole, but for another embedder.
    #[error(
        "the vector index {} is for `{found}` in {found_dim} dimensions, wanted is `{wanted}` in \
         {wanted_dim}; it has to be built anew from the memories", path.display()
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// The model it was made with.
        found: String,
        /// The dimensions it has.
        found_dim: usize,
        /// The model that was asked for.
        wanted: String,
        /// The dimensions that were asked for.
        wanted_dim: usize,
    },
    /// It is whole, but not of these records as they are now, or not of this version.
    #[error(
        "the vector index {} cannot be gone on from: {why}; it is built anew from the memories",
        path.display()
    )]
    Stale {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Its bytes are not what was written.
    #[error(
        "the vector index {} is damaged ({what}); it has to be built anew from the memories",
        path.display()
    )]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

/// What goes wrong inside; [`Fault::at`] says where.
#[derive(Debug)]
pub(super) enum Fault {
    Io(io::Error),
    Corrupt(&'static str),
    Foreign { model: String, dim: usize },
    Stale(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Corrupt("a file ends too soon"),
            _ => Self::Io(error),
        }
    }
}

impl Fault {
    /// Says what was being done, on which file, for which embedder.
    pub(super) fn at(
        self,
        doing: &'static str,
        path: PathBuf,
        model: &str,
        dim: usize,
    ) -> DumpError {
        match self {
            Self::Io(source) => DumpError::Io { doing, path, source },
            Self::Corrupt(what) => DumpError::Corrupt { path, what },
            Self::Stale(why) => DumpError::Stale { path, why },
            Self::Foreign { model: found, dim: found_dim } => {
                let wanted = model.to_owned();
                DumpError::Foreign { path, found, found_dim, wanted, wanted_dim: dim }
            }
        }
    }
}
