//! How a text index begins: empty in memory, or from a folder that is checked before it is believed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use appliance_core::memory::Origin;
use appliance_tasks::Tasks;
use tantivy::{Index, TantivyError};

use super::{
    fields::Fields,
    files::{Files, META},
    noted::Noted,
    panics::caught,
    port::TextIndex,
    room,
    state::{Place, State},
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
        let made = State::empty(None).map(|state| Self::over(state, Tasks::new()));
        made.map_err(|why| OpenError::Index { folder: PathBuf::from("memory"), why })
    }

    /// Opens the index of these records in `folder`; empties the folder first when what it holds
    /// cannot be trusted, or is of other records. Holds files of this index only.
    ///
    /// # Errors
    /// [`OpenError`] when not even an empty index can be made there.
    pub fn open(folder: &Path, origin: &Origin, tasks: Tasks) -> Result<Opened, OpenError> {
        room::sweep(folder);
        let found = fs::symlink_metadata(folder.join(META)).is_ok();
        // A number that is wrong in what tantivy does not check makes it panic.
        let believed = || caught(|| Self::believe(folder, origin, &tasks)).flatten();
        let rebuilt = match found.then(believed) {
            Some(Ok(index)) => return Ok(Opened { index, rebuilt: None }),
            Some(Err(why)) => Some(why),
            None => None,
        };
        let refused = |why| OpenError::Folder { folder: folder.to_owned(), why };
        room::make(folder).map_err(refused)?;
        let place = Place { files: Files::of(folder), history: origin.history };
        let made = State::empty(Some(place)).map(|state| Self::over(state, tasks));
        let index = made.map_err(|why| OpenError::Index { folder: folder.to_owned(), why })?;
        Ok(Opened { index, rebuilt })
    }

    /// Opens what is there, or says why it cannot be used.
    fn believe(folder: &Path, origin: &Origin, tasks: &Tasks) -> Result<Self, String> {
        let said = |why: TantivyError| why.to_string();
        let files = Files::of(folder);
        let index = Index::open(files.clone()).map_err(said)?;
        if index.schema() != Fields::schema().0 {
            return Err("it was written by another version".to_owned());
        }
        let meta = index.load_metas().map_err(said)?;
        let payload = meta.payload.as_deref().ok_or("it was never finished")?;
        let noted = Noted::parse(payload)?;
        if let Some(why) = origin.refuses(noted.history, noted.position) {
            return Err(why);
        }
        let place = Place { files, history: origin.history };
        let state = State::of(index, Some(place), noted.position).map_err(said)?;
        if state.ids.len() != noted.count {
            return Err(format!("it holds {} texts and notes {}", state.ids.len(), noted.count));
        }
        Ok(Self::over(state, tasks.clone()))
    }
}
