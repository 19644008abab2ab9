//! How a vector index begins: from a folder that is checked before it is believed. Makes no segment.

use std::{path::Path, sync::Arc};

use appliance_core::{HistoryId, memory::Origin};
use appliance_tasks::Tasks;

use super::{
    dump::{self, DumpError, Kind},
    folder::Folder,
    port::{Options, SegmentIndex},
    state::State,
};

/// An index as it was found on disk.
#[derive(Debug)]
pub struct Opened {
    /// The index; empty, at position 0, where nothing could be taken over.
    pub index: SegmentIndex,
    /// Why it has to be built from the records, for the log; `None` when it was there.
    pub rebuilt: Option<String>,
}

/// What a folder holds, read before anybody knows how far the records go.
#[derive(Debug)]
pub struct Ahead {
    folder: Arc<Folder>,
    model: String,
    dim: usize,
    history: HistoryId,
    state: State,
    position: u64,
}

impl SegmentIndex {
    /// Reads the index of `history` that is kept in `dir`, for [`open_ahead`](Self::open_ahead); `None`
    /// where there is none that can be used. Takes away the files that this one does not name. Blocks on
    /// the disk.
    #[must_use]
    pub fn ahead(dir: &Path, dim: usize, options: &Options, history: HistoryId) -> Option<Ahead> {
        let origin = Some(Origin { history, latest: u64::MAX });
        let model = options.model.clone();
        let kind = Kind { model: &model, dim, origin };
        let folder = dump::is_in(dir).then(|| Folder::at(dir).ok()).flatten()?;
        let (state, position) = dump::open(&folder, &kind, options.room()).ok().flatten()?;
        Some(Ahead { folder, model, dim, history, state, position })
    }

    /// Opens the index that is kept in `dir`, which is made if need be. Blocks on the disk.
    ///
    /// What cannot be taken over (nothing was saved yet, another model, dimension or history, damaged bytes)
    /// gives an empty index and the reason.
    ///
    /// # Errors
    /// [`DumpError::Io`] when the folder cannot be made or read.
    pub fn open(
        dir: &Path,
        dim: usize,
        options: Options,
        tasks: Tasks,
    ) -> Result<Opened, DumpError> {
        Self::open_ahead(None, dir, dim, options, tasks)
    }

    /// As [`open`](Self::open), of what was read `ahead` in `dir`, if it is of these records and this model.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_ahead(
        ahead: Option<Ahead>,
        dir: &Path,
        dim: usize,
        options: Options,
        tasks: Tasks,
    ) -> Result<Opened, DumpError> {
        let found = match ahead.filter(|ahead| ahead.is_of(&options, dim)) {
            Some(Ahead { folder, state, position, .. }) => (folder, state, position, None),
            None => read(dir, dim, &options)?,
        };
        let (folder, state, position, rebuilt) = found;
        let index = Self::with(dim, options, (state, folder, position), tasks);
        index.wake(); // for segments that were waiting to be merged
        Ok(Opened { index, rebuilt })
    }
}

/// A folder, the index in it, how far that goes, and why it is empty, if it is.
type Read = (Arc<Folder>, State, u64, Option<String>);

fn read(dir: &Path, dim: usize, options: &Options) -> Result<Read, DumpError> {
    let kind = Kind { model: &options.model, dim, origin: options.origin };
    let folder = Folder::at(dir).map_err(|source| DumpError::Io {
        doing: "making the folder of",
        path: dir.to_owned(),
        source,
    })?;
    let why = match dump::open(&folder, &kind, options.room()) {
        Ok(Some((state, position))) => return Ok((folder, state, position, None)),
        Ok(None) => dump::missing(dir),
        Err(error @ DumpError::Io { .. }) => return Err(error),
        Err(error) => error.to_string(),
    };
    Ok((folder, State::new(dim, options.room()), 0, Some(why)))
}

impl Ahead {
    fn is_of(&self, options: &Options, dim: usize) -> bool {
        let refused = |origin: Origin| origin.refuses(self.history, self.position);
        (self.model.as_str(), self.dim) == (options.model.as_str(), dim)
            && options.origin.is_some_and(|origin| refused(origin).is_none())
    }
}
