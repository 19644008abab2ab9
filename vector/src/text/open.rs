//! How a text index begins: empty in memory, or from a folder that is checked before it is believed.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::RwLock,
};

use appliance_core::MemoryId;
use tantivy::{
    Index, IndexReader, ReloadPolicy, TantivyError,
    directory::{MmapDirectory, error::OpenDirectoryError},
};

use super::{
    State, TextIndex, WRITER_BYTES,
    fields::{self, Fields, ID_HALVES, id_of},
    tail::Tail,
};

/// The layout of the folder; another one is filled again.
const LAYOUT: &str = "texts.v2";

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
            Self::over(&Index::create_in_ram(schema), 0)
        };
        made().map_err(|why| OpenError::Index { folder: PathBuf::from("memory"), why })
    }

    /// Opens the index in `folder`; empties the folder first when what it holds cannot be trusted.
    /// Holds files of this index only.
    ///
    /// # Errors
    /// [`OpenError`] when not even an empty index can be made there.
    pub fn open(folder: &Path) -> Result<Opened, OpenError> {
        let refused = |why| OpenError::Folder { folder: folder.to_owned(), why };
        let rebuilt = if folder.join("meta.json").exists() {
            match Self::believe(folder) {
                Ok(index) => return Ok(Opened { index, rebuilt: None }),
                Err(why) => Some(why),
            }
        } else {
            None
        };
        fs::create_dir_all(folder).map_err(refused)?;
        tidy(folder).map_err(refused)?;
        let index = Index::create_in_dir(folder, Fields::schema().0)
            .and_then(|index| Self::over(&index, 0))
            .map_err(|why| OpenError::Index { folder: folder.to_owned(), why })?;
        Ok(Opened { index, rebuilt })
    }

    /// Opens what is there, or says why it cannot be used.
    fn believe(folder: &Path) -> Result<Self, String> {
        let said = |why: TantivyError| why.to_string();
        let directory =
            MmapDirectory::open(folder).map_err(|why: OpenDirectoryError| why.to_string())?;
        let index = Index::open(directory).map_err(said)?;
        if index.schema() != Fields::schema().0 {
            return Err("it was written by another version".to_owned());
        }
        let meta = index.load_metas().map_err(said)?;
        let position = meta.payload.as_deref().and_then(position).ok_or("it was never finished")?;
        let damaged = index.validate_checksum().map_err(said)?;
        if let Some(file) = damaged.iter().next() {
            return Err(format!("{} of its files are damaged, such as {file:?}", damaged.len()));
        }
        Self::over(&index, position).map_err(said)
    }

    fn over(index: &Index, position: u64) -> Result<Self, TantivyError> {
        let (_, fields) = Fields::schema();
        let words = fields::register(index);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let ids = ids(&reader)?;
        Ok(Self {
            fields,
            words,
            position: position.into(),
            count: ids.len().into(),
            state: RwLock::new(State {
                writer,
                reader,
                ids,
                tail: Tail::default(),
                committed: position,
            }),
        })
    }
}

/// Returns what is stored beside a commit.
pub(super) fn payload(position: u64) -> String {
    format!("{LAYOUT} {position}")
}

fn position(payload: &str) -> Option<u64> {
    payload.strip_prefix(LAYOUT)?.trim_start().parse().ok()
}

fn ids(reader: &IndexReader) -> Result<HashSet<MemoryId>, TantivyError> {
    let mut ids = HashSet::new();
    for segment in reader.searcher().segment_readers() {
        let [high, low] = ID_HALVES.map(|name| segment.fast_fields().u64(name));
        let (high, low) = (high?, low?);
        let id = |doc| Some(id_of(high.first(doc)?, low.first(doc)?));
        ids.extend(segment.doc_ids_alive().filter_map(id));
    }
    Ok(ids)
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
