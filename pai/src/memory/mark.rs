//! The mark of which space serves: a small file beside the indexes' folders, read at the start.
//!
//! Written whole or not at all (another name, synced, renamed, its folder synced). Derived like the
//! indexes: a mark that is missing or damaged costs a rebuild of the vectors, never a memory.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use appliance_core::{ErrorKind, StoreError, ports::Embedder};
use serde::{Deserialize, Serialize};

use super::{space::Space, spread::Spread};

/// The mark's name in the folder of the indexes.
const FILE: &str = "serving.json";

/// What the name of every folder of vectors begins with.
const PREFIX: &str = "vectors-";

/// Which vectors serve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// The embedder's model.
    pub model: String,
    /// The length of its vectors.
    pub dim: usize,
    /// The folder of its index, beside the mark; `None` for an index that lives elsewhere.
    pub folder: Option<String>,
    /// What is known of the likeness of unrelated texts.
    #[serde(default)]
    pub spread: Spread,
}

impl Serving {
    pub(super) fn of(space: &Space, spread: Spread) -> Self {
        Self {
            model: space.embedder.model().to_owned(),
            dim: space.embedder.dim(),
            folder: space.folder.clone(),
            spread,
        }
    }

    /// Reads the mark in the folder of the indexes; `None` where there is none that can be read.
    #[must_use]
    pub fn read(indexes: &Path) -> Option<Self> {
        let text = fs::read_to_string(indexes.join(FILE)).ok()?;
        let mark = serde_json::from_str(&text);
        mark.inspect_err(|why| tracing::warn!(%why, "the mark of the serving vectors is damaged"))
            .ok()
            .filter(Self::names_a_plain_folder)
    }

    /// Tells whether the mark is about vectors of this embedder.
    #[must_use]
    pub fn is_of(&self, embedder: &dyn Embedder) -> bool {
        self.model == embedder.model() && self.dim == embedder.dim()
    }

    /// Returns the usual name of a folder for vectors of this embedder.
    #[must_use]
    pub fn folder(embedder: &dyn Embedder) -> String {
        let model = embedder.model().replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
        format!("{PREFIX}{model}-{}", embedder.dim())
    }

    /// Returns the name of a folder for vectors of this embedder that does not exist yet.
    #[must_use]
    pub fn fresh_folder(indexes: &Path, embedder: &dyn Embedder) -> String {
        let name = Self::folder(embedder);
        let numbered = (2_u32..).map(|n| format!("{name}.{n}"));
        let free = |name: &String| !indexes.join(name).exists();
        std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
    }

    /// Removes the folders of vectors that a build left behind when it was cut off: all but those
    /// named. For a start, before anything is built.
    pub fn keep_only(indexes: &Path, used: &[&str]) {
        let Ok(entries) = fs::read_dir(indexes) else { return };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        for name in names.filter(|name| name.starts_with(PREFIX) && !used.contains(&name.as_str()))
        {
            tracing::info!(folder = name, "vectors that were never finished are removed");
            remove(indexes, &name);
        }
    }

    /// Puts the mark in the place of the one before.
    pub(super) fn write(&self, indexes: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_vec(self).map_err(io::Error::other);
        text.and_then(|text| replace(indexes, &text)).map_err(|why| {
            let why = format!("while writing {} in {}: {why}", FILE, indexes.display());
            StoreError::new(ErrorKind::Unavailable, "serving.write", why)
        })
    }

    /// A folder beside the mark, and nowhere else.
    fn names_a_plain_folder(&self) -> bool {
        self.folder.as_deref().is_none_or(plain)
    }
}

/// Takes the vectors away that nobody is served from any more; what cannot be removed stays.
pub(super) fn remove(indexes: &Path, folder: &str) {
    if !plain(folder) {
        return;
    }
    if let Err(why) = fs::remove_dir_all(indexes.join(folder))
        && why.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder, %why, "old vectors cannot be removed; delete the folder by hand");
    }
}

fn plain(folder: &str) -> bool {
    let mut parts = PathBuf::from(folder);
    let is_file_name = parts.file_name().is_some_and(|name| name == folder);
    is_file_name && parts.pop() && parts.as_os_str().is_empty()
}

fn replace(folder: &Path, text: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (place, new) = (folder.join(FILE), folder.join("serving.json.new"));
    let mut file = File::create(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&new, &place)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was_written_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let indexes = folder.path().join("index");
        assert_eq!(Serving::read(&indexes), None);
        let mut mark = Serving {
            model: "a/b".to_owned(),
            dim: 3,
            folder: Some("vectors-a-b-3.2".to_owned()),
            spread: Spread::default(),
        };
        mark.spread.add(0.25);
        mark.write(&indexes).unwrap();
        assert_eq!(Serving::read(&indexes), Some(mark.clone()));
        mark.folder = Some("../elsewhere".to_owned());
        mark.write(&indexes).unwrap();
        assert_eq!(Serving::read(&indexes), None);
        fs::write(indexes.join(FILE), "{\"model\":").unwrap();
        assert_eq!(Serving::read(&indexes), None);
    }

    #[test]
    fn what_no_build_finished_is_removed_and_nothing_else() {
        let indexes = tempfile::tempdir().unwrap();
        for name in ["vectors-a-3", "vectors-a-3.2", "texts", "vectors-b-4"] {
            fs::create_dir(indexes.path().join(name)).unwrap();
        }
        Serving::keep_only(indexes.path(), &["vectors-a-3.2"]);
        let left = fs::read_dir(indexes.path()).unwrap().flatten().map(|entry| entry.file_name());
        let mut left: Vec<_> = left.collect();
        left.sort_unstable();
        assert_eq!(left, ["texts", "vectors-a-3.2"]);
    }

    #[test]
    fn only_a_folder_beside_the_mark_is_removed() {
        for name in ["", ".", "..", "/", "a/b", "../a"] {
            assert!(!plain(name), "{name}");
        }
        assert!(plain("vectors-x-3"));
    }
}
