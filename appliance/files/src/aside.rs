//! What stands where something of ours has to be: put aside under another name, never deleted. Looks
//! into nothing.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What its name ends with from then on, with a number from the second on.
const ASIDE: &str = ".aside";

/// Puts what stands at `path` aside, and returns where.
///
/// # Errors
/// When it is not there or cannot be renamed.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let numbered = (2_u32..).map(|n| named(path, &format!("{ASIDE}.{n}")));
    let free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    let aside = std::iter::once(named(path, ASIDE)).chain(numbered).find(free);
    let aside = aside.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &aside)?;
    Ok(aside)
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
    }
}
