//! Directories that somebody claimed: in them something is made only while they are the ones that they
//! were. Who moves a data directory away must be able to move it back; half of a new one in its place
//! would keep them from it. Locks nothing and looks at no contents.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

/// All that are claimed in this process.
static CLAIMED: RwLock<Vec<Place>> = RwLock::new(Vec::new());

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    /// Device and number.
    id: (u64, u64),
}

/// A claim on a directory; ends when it is dropped.
#[derive(Debug)]
pub struct Claimed(Vec<Place>);

impl Claimed {
    /// Claims the directory that is there, under this path and under its own.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn at(path: &Path) -> io::Result<Self> {
        let id = id(&fs::metadata(path)?);
        let places = [std::path::absolute(path)?, path.canonicalize()?];
        let places: Vec<_> = places.into_iter().map(|path| Place { path, id }).collect();
        CLAIMED.write().unwrap_or_else(PoisonError::into_inner).extend(places.iter().cloned());
        Ok(Self(places))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let mut all = CLAIMED.write().unwrap_or_else(PoisonError::into_inner);
        for place in &self.0 {
            if let Some(at) = all.iter().position(|it| it == place) {
                all.swap_remove(at);
            }
        }
    }
}

/// Refuses to make something at `path` in a claimed directory that is not there, or another one.
pub(crate) fn stands(path: &Path) -> io::Result<()> {
    let all = CLAIMED.read().unwrap_or_else(PoisonError::into_inner);
    if all.is_empty() {
        return Ok(());
    }
    let path = std::path::absolute(path)?;
    let is_another =
        |it: &Place| fs::metadata(&it.path).map(|found| id(&found)).ok() != Some(it.id);
    match all.iter().find(|it| path.starts_with(&it.path) && is_another(it)) {
        None => Ok(()),
        Some(it) => Err(io::Error::other(format!(
            "{} is gone, or another directory is in its place: nothing is made there",
            it.path.display()
        ))),
    }
}

fn id(found: &fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{appended, file, folder, kept_file, new_file, own_folder, replace};

    #[test]
    fn nothing_is_made_where_a_claimed_directory_was_until_it_is_back() {
        let place = tempfile::tempdir().unwrap();
        let (data, away) = (place.path().join("data"), place.path().join("data2"));
        folder(&data).unwrap();
        let claimed = Claimed::at(&data).unwrap();
        let make = || {
            [
                folder(&data.join("index")),
                own_folder(&data.join("index/texts")),
                file(&data.join("a")).map(drop),
                new_file(&data.join("b")).map(drop),
                kept_file(&data.join("c")).map(drop),
                appended(&data.join("d")).map(drop),
                replace(&data.join("e"), b"e"),
            ]
            .map(|made| made.is_ok())
        };
        fs::rename(&data, &away).unwrap();
        assert_eq!(make(), [false; 7]);
        assert!(!data.exists());
        fs::create_dir(&data).unwrap();
        assert_eq!(make(), [false; 7], "another one");
        fs::remove_dir(&data).unwrap();
        assert!(file(&place.path().join("elsewhere")).is_ok());
        fs::rename(&away, &data).unwrap();
        assert_eq!(make(), [true; 7]);
        drop(claimed);
        fs::rename(&data, &away).unwrap();
        assert!(folder(&data).is_ok(), "nobody claims it any more");
    }
}
