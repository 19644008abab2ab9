//! The home of all indexes: one folder for each space of vectors, and beside them the mark of which
//! space serves, read at the start.
//!
//! The mark is written whole or not at all (another name, synced, renamed, its folder synced).
//! Derived like the indexes: a mark that is missing or damaged costs a rebuild of the vectors, never
//! a memory. Opens no index.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use appliance_core::{
    ErrorKind, HistoryId, StoreError,
    ports::{Embedder, Serving, VectorHome},
};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The mark's name in the folder of the indexes.
const MARK: &str = "serving.json";

/// What the name of every folder of vectors begins with.
const PREFIX: &str = "vectors-";

/// What stands before a mark's checksum, at its end.
const SUM: &str = ",\"sum\":\"";

/// The folder of the indexes.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
    history: Option<HistoryId>,
}

/// The mark as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    #[serde(flatten)]
    serving: Serving,
    /// The history of the records that the vectors are of; marks of an older version name none.
    #[serde(default)]
    history: Option<String>,
}

impl Home {
    /// Says where it is; it is made when something is written.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), history: None }
    }

    /// Says of which records everything in it is; a mark of others is none.
    #[must_use]
    pub fn of(self, history: HistoryId) -> Self {
        Self { history: Some(history), ..self }
    }

    /// Returns the place of a folder or file in it.
    #[must_use]
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a folder in it, for an index that keeps its vectors elsewhere and its name here.
    ///
    /// # Errors
    /// The system's own.
    pub fn make(&self, name: &str) -> io::Result<()> {
        appliance_files::folder(&self.place(name))
    }

    /// Returns the usual name of a folder for vectors of this embedder.
    #[must_use]
    pub fn name(embedder: &dyn Embedder) -> String {
        let model = embedder.model().replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
        format!("{PREFIX}{model}-{}", embedder.dim())
    }

    /// Returns the name of a folder for vectors of this embedder that does not exist yet.
    #[must_use]
    pub fn fresh_name(&self, embedder: &dyn Embedder) -> String {
        let name = Self::name(embedder);
        let numbered = (2_u32..).map(|n| format!("{name}.{n}"));
        let free = |name: &String| !self.place(name).exists();
        std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
    }

    /// Removes the folders of vectors that a build left behind when it was cut off: all but those
    /// named. For a start, before anything is built.
    pub fn keep_only(&self, used: &[&str]) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        for name in names.filter(|name| name.starts_with(PREFIX) && !used.contains(&name.as_str()))
        {
            tracing::info!(folder = name, "vectors that were never finished are removed");
            self.remove(&name);
        }
    }
}

impl VectorHome for Home {
    fn serving(&self) -> Option<Serving> {
        let text = appliance_files::read_text(&self.place(MARK)).ok()?;
        let mark = parsed(&text)
            .inspect_err(|why| tracing::warn!(%why, "the mark of the serving vectors is damaged"));
        let mark = mark.ok().filter(|mark| names_a_plain_folder(&mark.serving))?;
        let other = mark.history.zip(self.history).filter(|(its, ours)| *its != ours.to_string());
        if let Some((its, _)) = other {
            tracing::warn!(history = its, "the vectors that served are of other records");
            return None;
        }
        Some(mark.serving)
    }

    fn serve(&self, serving: &Serving) -> Result<(), StoreError> {
        let history = self.history.map(|history| history.to_string());
        let text = text_of(&Mark { serving: serving.clone(), history });
        text.and_then(|text| replace(&self.folder, text.as_bytes())).map_err(|why| {
            let why = format!("while writing {MARK} in {}: {why}", self.folder.display());
            StoreError::new(ErrorKind::Unavailable, "vectors.serve", why)
        })
    }

    fn remove(&self, folder: &str) {
        if !plain(folder) {
            return;
        }
        if let Err(why) = fs::remove_dir_all(self.place(folder))
            && why.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(folder, %why, "old vectors cannot be removed; delete the folder by hand");
        }
    }
}

/// Returns the mark with its checksum at the end.
fn text_of(mark: &Mark) -> io::Result<String> {
    let text = serde_json::to_string(mark).map_err(io::Error::other)?;
    let open = text.strip_suffix('}').unwrap_or(&text);
    Ok(format!("{open}{SUM}{:016x}\"}}", xxh3_64(open.as_bytes())))
}

/// Reads a mark; one of an older version has no checksum.
fn parsed(text: &str) -> io::Result<Mark> {
    if let Some((open, sum)) = text.rsplit_once(SUM)
        && sum != format!("{:016x}\"}}", xxh3_64(open.as_bytes()))
    {
        return Err(io::Error::other("its checksum does not match"));
    }
    serde_json::from_str(text).map_err(io::Error::other)
}

/// A folder beside the mark, and nowhere else.
fn names_a_plain_folder(serving: &Serving) -> bool {
    serving.folder.as_deref().is_none_or(plain)
}

fn plain(folder: &str) -> bool {
    let mut parts = PathBuf::from(folder);
    let is_file_name = parts.file_name().is_some_and(|name| name == folder);
    is_file_name && parts.pop() && parts.as_os_str().is_empty()
}

fn replace(folder: &Path, text: &[u8]) -> io::Result<()> {
    appliance_files::folder(folder)?;
    let mark = folder.join(MARK);
    if appliance_files::is_odd(&mark) {
        appliance_files::set_aside(&mark)?;
    }
    appliance_files::replace(&mark, text)
}

#[cfg(test)]
mod tests {
    use appliance_core::memory::Spread;

    use super::*;

    #[test]
    fn a_mark_comes_back_as_it_was_written_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("index"));
        assert_eq!(home.serving(), None);
        let mut mark = Serving {
            model: "a/b".to_owned(),
            dim: 3,
            folder: Some("vectors-a-b-3.2".to_owned()),
            spread: Spread::default(),
        };
        mark.spread.add(0.25);
        home.serve(&mark).unwrap();
        assert_eq!(home.serving(), Some(mark.clone()));
        mark.folder = Some("../elsewhere".to_owned());
        home.serve(&mark).unwrap();
        assert_eq!(home.serving(), None);
        fs::write(home.place(MARK), "{\"model\":").unwrap();
        assert_eq!(home.serving(), None);
        fs::remove_file(home.place(MARK)).unwrap();
        fs::create_dir(home.place(MARK)).unwrap();
        assert_eq!(home.serving(), None);
        mark.folder = Some("vectors-a-b-3".to_owned());
        home.serve(&mark).unwrap();
        assert_eq!(home.serving(), Some(mark), "what stood in its place is put aside");
    }

    #[test]
    fn no_changed_bit_and_no_mark_of_other_records_is_believed_and_an_older_mark_is() {
        let folder = tempfile::tempdir().unwrap();
        let [ours, other] = [1, 2].map(|n| HistoryId::from_bytes([n; 16]));
        let home = Home::at(folder.path()).of(ours);
        let older = r#"{"model":"a","dim":3,"folder":"vectors-a-3"}"#;
        fs::write(home.place(MARK), older).unwrap();
        let serving = home.serving().unwrap();
        home.serve(&serving).unwrap();
        assert_eq!(home.serving(), Some(serving.clone()));
        assert_eq!(Home::at(folder.path()).of(other).serving(), None);
        let whole = fs::read(home.place(MARK)).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            fs::write(home.place(MARK), &bytes).unwrap();
            assert!(home.serving().is_none_or(|read| read == serving), "byte {at}");
        }
    }

    #[test]
    fn what_no_build_finished_is_removed_and_nothing_else() {
        let indexes = tempfile::tempdir().unwrap();
        for name in ["vectors-a-3", "vectors-a-3.2", "texts", "vectors-b-4"] {
            fs::create_dir(indexes.path().join(name)).unwrap();
        }
        Home::at(indexes.path()).keep_only(&["vectors-a-3.2"]);
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
