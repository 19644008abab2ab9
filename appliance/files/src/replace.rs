//! A file that takes another's place, whole or not at all. Keeps no earlier one.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::file;

/// What is written before it takes its place has this after its name.
const HALF: &str = ".new";

/// Puts a file of these bytes at `path`; when this returns, both it and its name are on disk.
///
/// A reader finds the earlier file or this one, also after a power cut. What an interrupted call
/// has left beside it is written over by the next.
///
/// # Errors
/// When it cannot be written, synced or moved; the earlier file stands then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    swap_in(path, bytes)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Does the same, but leaves it to the caller to sync the folder: until then a power cut may bring the
/// earlier file back.
///
/// # Errors
/// As [`replace`].
pub fn swap_in(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = half(path);
    let done = write(&half, bytes).and_then(|()| fs::rename(&half, path));
    if done.is_err() {
        let _ = fs::remove_file(&half); // what it holds may be meant to be nowhere
    }
    done
}

fn write(half: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = file(half)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn half(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(HALF);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_last_one_stands_and_nothing_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("mark.json");
        fs::write(half(&path), "left by an interrupted one, longer than what follows").unwrap();
        for text in ["first", "second"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_earlier_one() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("mark.json");
        replace(&path, b"first").unwrap();
        fs::create_dir(half(&path)).unwrap();
        assert!(replace(&path, b"second").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
