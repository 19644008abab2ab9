//! How a text index begins: empty in memory, or from a folder that is checked before it is believed.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use appliance_core::{HistoryId, memory::Origin};
use appliance_tasks::Tasks;
use tantivy::{
    Index, TantivyError,
    directory::{MmapDirectory, error::OpenDirectoryError},
};

use super::{
    fields::{self, Fields},
    noted::Noted,
    port::TextIndex,
    state::State,
};

/// The folder cannot hold an index.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file system says no.
    #[error("while opening the text index in {folder}: {why}; check its owner and its free space")]
    Folder {
        /// Where.
        folder: PathBuf,
        /// Its own words.
        why: io::Error,
    },
    /// tantivy says no to an empty folder.
    #[error("while making the text index in {folder}: {why}")]
    Index {
        /// Where.
        folder: PathBuf,
        /// Its own words.
        why: TantivyError,
    },
}

/// An index from a folder.
#[derive(Debug)]
pub struct Opened {
    /// The index; it stands at its [`position`](appliance_core::ports::TextIndex::position).
    pub index: TextIndex,
    /// Why what was there could not be used, if anything was; to be said in the log.
    pub rebuilt: Option<String>,
}

impl TextIndex {
    /// Makes an empty index in memory.
    ///
    /// # Errors
    /// When tantivy cannot start its writer.
    pub fn in_memory() -> Result<Self, OpenError> {
        let made = || {
            let (schema, _) = Fields::schema();
            Self::made(Index::create_in_ram(schema), None, 0, Tasks::new())
        };
        made().map_err(|why| OpenError::Index { folder: PathBuf::from("memory"), why })
    }

    /// Opens the index of these records in `folder`; empties the folder first when what it holds
    /// cannot be trusted, or is of other records. Holds files of this index only.
    ///
    /// # Errors
    /// [`OpenError`] when not even an empty index can be made there.
    pub fn open(folder: &Path, origin: &Origin, tasks: Tasks) -> Result<Opened, OpenError> {
        let refused = |why| OpenError::Folder { folder: folder.to_owned(), why };
        let rebuilt = if folder.join("meta.json").exists() {
            // A number that is wrong in what tantivy does not check makes it panic.
            let its = tasks.clone();
            let believed = catch_unwind(AssertUnwindSafe(|| Self::believe(folder, origin, its)));
            match believed.unwrap_or_else(|_| Err("it is damaged".to_owned())) {
                Ok(index) => return Ok(Opened { index, rebuilt: None }),
                Err(why) => Some(why),
            }
        } else {
            None
        };
        appliance_files::folder(folder).map_err(refused)?;
        tidy(folder).map_err(refused)?;
        let index = Index::create_in_dir(folder, Fields::schema().0)
            .and_then(|index| {
                Self::made(index, Some((folder.to_owned(), origin.history)), 0, tasks)
            })
            .map_err(|why| OpenError::Index { folder: folder.to_owned(), why })?;
        Ok(Opened { index, rebuilt })
    }

    /// Opens what is there, or says why it cannot be used.
    fn believe(folder: &Path, origin: &Origin, tasks: Tasks) -> Result<Self, String> {
        let said = |why: TantivyError| why.to_string();
        let directory =
            MmapDirectory::open(folder).map_err(|why: OpenDirectoryError| why.to_string())?;
        let index = Index::open(directory).map_err(said)?;
        if index.schema() != Fields::schema().0 {
            return Err("it was written by another version".to_owned());
        }
        let meta = index.load_metas().map_err(said)?;
        let payload = meta.payload.as_deref().ok_or("it was never finished")?;
        let noted = Noted::parse(payload)?;
        if let Some(why) = origin.refuses(noted.history, noted.position) {
            return Err(why);
        }
        let damaged = index.validate_checksum().map_err(said)?;
        if let Some(file) = damaged.iter().next() {
            return Err(format!("{} of its files are damaged, such as {file:?}", damaged.len()));
        }
        let place = Some((folder.to_owned(), origin.history));
        let made = Self::made(index, place, noted.position, tasks).map_err(said)?;
        let there = made.inner.read().ids.len();
        if there != noted.count {
            return Err(format!("it holds {there} texts and notes {}", noted.count));
        }
        Ok(made)
    }

    fn made(
        index: Index,
        folder: Option<(PathBuf, HistoryId)>,
        position: u64,
        tasks: Tasks,
    ) -> Result<Self, TantivyError> {
        let words = fields::register(&index);
        Ok(Self::over(State::of(index, folder, position)?, words, tasks))
    }
}

/// Takes the files of an unusable index away; folders are not ours.
fn tidy(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
