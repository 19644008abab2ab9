//! How a text index begins: empty in memory, or from a folder that is checked before it is believed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use appliance_core::{HistoryId, memory::Origin};
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

/// What a folder holds, read before anybody knows how far the records go.
pub struct Ahead {
    state: State,
    history: HistoryId,
    position: u64,
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ahead").field("position", &self.position).finish_non_exhaustive()
    }
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

    /// Reads the index of `history` in `folder`, for [`open_ahead`](Self::open_ahead); `None` where
    /// there is none that can be used. Takes nothing away there but what an earlier life was cut off at.
    #[must_use]
    pub fn ahead(folder: &Path, history: HistoryId) -> Option<Ahead> {
        room::sweep(folder);
        is_there(folder).then(|| believed(folder, history).ok()).flatten()
    }

    /// Opens the index of these records in `folder`; empties the folder first when what it holds
    /// cannot be trusted, or is of other records. Holds files of this index only.
    ///
    /// # Errors
    /// [`OpenError`] when not even an empty index can be made there.
    pub fn open(folder: &Path, origin: &Origin, tasks: Tasks) -> Result<Opened, OpenError> {
        Self::open_ahead(None, folder, origin, tasks)
    }

    /// As [`open`](Self::open), of what was read `ahead` in `folder`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_ahead(
        ahead: Option<Ahead>,
        folder: &Path,
        origin: &Origin,
        tasks: Tasks,
    ) -> Result<Opened, OpenError> {
        let read = match ahead {
            Some(ahead) => Some(Ok(ahead)),
            None => {
                room::sweep(folder);
                is_there(folder).then(|| believed(folder, origin.history))
            }
        };
        let rebuilt = match read.map(|read| read.and_then(|ahead| ahead.of(origin))) {
            Some(Ok(state)) => {
                return Ok(Opened { index: Self::over(state, tasks), rebuilt: None });
            }
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
}

impl Ahead {
    /// Returns it if it is of these records, else says why not.
    fn of(self, origin: &Origin) -> Result<State, String> {
        origin.refuses(self.history, self.position).map_or(Ok(self.state), Err)
    }
}

fn is_there(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(META)).is_ok()
}

/// Reads what is there, or says why it cannot be used.
fn believed(folder: &Path, history: HistoryId) -> Result<Ahead, String> {
    // A number that is wrong in what tantivy does not check makes it panic.
    caught(|| read(folder, history)).flatten()
}

fn read(folder: &Path, history: HistoryId) -> Result<Ahead, String> {
    let said = |why: TantivyError| why.to_string();
    let files = Files::of(folder);
    let index = Index::open(files.clone()).map_err(said)?;
    if index.schema() != Fields::schema().0 {
        return Err("it was written by another version".to_owned());
    }
    let meta = index.load_metas().map_err(said)?;
    let payload = meta.payload.as_deref().ok_or("it was never finished")?;
    let noted = Noted::parse(payload)?;
    let anywhere = Origin { history, latest: u64::MAX };
    if let Some(why) = anywhere.refuses(noted.history, noted.position) {
        return Err(why);
    }
    let state = State::of(index, Some(Place { files, history }), noted.position).map_err(said)?;
    if state.ids.len() != noted.count {
        return Err(format!("it holds {} texts and notes {}", state.ids.len(), noted.count));
    }
    Ok(Ahead { state, history: noted.history, position: noted.position })
}
