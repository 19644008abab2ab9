//! The signs of a history in the data directory, so that one whose file is gone is not begun anew
//! beside what is left of it.
//!
//! A small file `history` names the history that lives in the directory; archived texts and indexes
//! are signs of one too. Never decides which history is right: the id in `state.redb` does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use appliance_core::HistoryId;

use crate::{DataDir, OpenError, data_dir::ARCHIVE};

/// The file that names the history.
const SIGN: &str = "history";

/// The folder of the indexes, which are made from the records.
const INDEX: &str = "index";

/// Refuses a directory in which there was a history and where its file is gone.
pub(crate) fn refuse_a_lost_file(dir: &DataDir) -> Result<(), OpenError> {
    let path = dir.state_file();
    if path.exists() {
        return Ok(());
    }
    let (sign, folders) =
        (dir.path().join(SIGN), [ARCHIVE, INDEX].map(|name| dir.path().join(name)));
    let found = if sign.exists() { Some(sign) } else { folders.iter().find_map(|at| first_in(at)) };
    found.map_or(Ok(()), |sign| Err(OpenError::Missing { path, sign }))
}

impl DataDir {
    /// Returns the history whose sign is here: a guess at what `state.redb` holds, before it is open.
    #[must_use]
    pub fn history(&self) -> Option<HistoryId> {
        appliance_files::read_text(&self.path().join(SIGN)).ok()?.trim_end().parse().ok()
    }
}

/// Leaves the sign of `history`, unless it is there. Without it the other signs still tell, so a
/// failure (a full disk, say) is only logged.
pub(crate) fn leave_a_sign(dir: &DataDir, history: HistoryId) {
    let path = dir.path().join(SIGN);
    let text = format!("{history}\n");
    if appliance_files::read_text(&path).is_ok_and(|found| found == text) {
        return;
    }
    if let Err(error) = appliance_files::replace(&path, text.as_bytes()) {
        tracing::warn!(%error, "the sign of this history could not be left in the data directory");
    }
}

/// Returns a file in `folder` or in a folder in it, if there is one.
fn first_in(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find_map(|path| if path.is_dir() { first_in(&path) } else { Some(path) })
}
