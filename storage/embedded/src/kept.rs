//! Copies that were saved beside `state.redb` because another file lay in its place: found again, so
//! that they are named until somebody has looked at them. Makes none (see `place`), deletes none.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What the names of copies begin with; a number follows.
const PREFIX: &str = "state.redb.kept-";

/// Returns the path of copy `number` of the file at `place`.
pub(crate) fn copy(place: &Path, number: u64) -> PathBuf {
    place.with_file_name(format!("{PREFIX}{number}"))
}

/// Returns the names of the copies in a data directory, the newest last.
///
/// # Errors
/// What the system says of the directory.
pub fn kept_copies(dir: &Path) -> io::Result<Vec<String>> {
    let mut found: Vec<(SystemTime, String)> = fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry)))
        .filter_map(|(made, entry)| Some((made, entry.file_name().into_string().ok()?)))
        .filter(|(_, name)| name.starts_with(PREFIX))
        .collect();
    // A number that was free was taken again: it tells no age.
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Says in the log which copies lie there.
pub(crate) fn tell(dir: &Path) {
    let found = kept_copies(dir).unwrap_or_default();
    if !found.is_empty() {
        let dir = dir.display();
        tracing::warn!(
            event = "kept",
            copies = ?found,
            "{dir} holds copies of state.redb that were saved when another file lay in its place: \
             `ai-infra doctor` says what to do with them"
        );
    }
}
