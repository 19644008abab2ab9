//! What stands where something of ours has to be: put aside under another name, never deleted. Looks
//! into nothing.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::claimed;

/// What its name ends with from then on, with a number from the second on.
const ASIDE: &str = ".aside";

/// Puts what stands at `path` aside, and returns where.
///
/// # Errors
/// When it is not there or cannot be renamed.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    claimed::stands(path)?;
    let numbered = (2_u32..).map(|n| named(path, &format!("{ASIDE}.{n}")));
    let free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    let aside = std::iter::once(named(path, ASIDE)).chain(numbered).find(free);
    let aside = aside.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Puts a folder aside that stands where a file or a socket has to be, which nothing can replace.
///
/// # Errors
/// When it cannot be renamed.
pub fn make_way(path: &Path) -> io::Result<()> {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    if is_folder { set_aside(path).map(drop) } else { Ok(()) }
}

/// Makes a folder for what can be made anew; what is no folder and stands in its place, or in that of the
/// folder above it, is put aside.
///
/// # Errors
/// When something can be neither put aside nor made.
pub fn own_folder(path: &Path) -> io::Result<()> {
    for place in path.parent().into_iter().chain([path]) {
        if fs::symlink_metadata(place).is_ok() && !place.is_dir() {
            set_aside(place)?;
        }
    }
    crate::folder(path)
}

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_has_to_make_way() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("key");
        make_way(&path).unwrap();
        fs::write(&path, "x").unwrap();
        make_way(&path).unwrap();
        assert!(path.is_file());
        fs::remove_file(&path).unwrap();
        fs::create_dir_all(path.join("full")).unwrap();
        make_way(&path).unwrap();
        assert!(!path.exists() && place.path().join("key.aside/full").is_dir());
    }

    #[test]
    fn what_is_put_aside_keeps_all_it_holds_and_takes_no_other_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("index");
        for n in 0..3 {
            fs::create_dir(&path).unwrap();
            fs::write(path.join("x"), format!("{n}")).unwrap();
            let aside = set_aside(&path).unwrap();
            assert_eq!(fs::read_to_string(aside.join("x")).unwrap(), format!("{n}"));
        }
        let names: Vec<_> = ["index.aside", "index.aside.2", "index.aside.3"].into();
        assert!(names.iter().all(|name| place.path().join(name).exists()));
        assert!(set_aside(&path).is_err() && !path.exists());
        fs::write(&path, "in the way").unwrap();
        own_folder(&path.join("texts")).unwrap();
        assert!(path.join("texts").is_dir() && place.path().join("index.aside.4").is_file());
        fs::write(path.join("vectors"), "in the way").unwrap();
        own_folder(&path.join("vectors")).unwrap();
        assert!(path.join("vectors").is_dir() && path.join("vectors.aside").is_file());
    }
}
