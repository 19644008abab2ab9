//! The one door to the file system for what this crate makes there: everything is its owner's alone,
//! whatever the process's umask says. Reads nothing.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// What a folder may be used for: by its owner, for everything.
const FOLDER: u32 = 0o700;

/// The same for a file.
const FILE: u32 = 0o600;

/// Makes a folder and what is missing above it; one that is there and open to others is closed.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    close(path, FOLDER)
}

/// Makes a file, or empties it.
pub(crate) fn file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    close(path, FILE)?;
    Ok(file)
}

/// Makes a file that must not be there yet, to be written and read.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE).open(path)
}

/// Closes every file of a folder that another library made.
pub(crate) fn close_files(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            close(&entry.path(), FILE)?;
        }
    }
    Ok(())
}

fn close(path: &Path, mode: u32) -> io::Result<()> {
    let open = match fs::metadata(path) {
        // Made and taken away again by its owner meanwhile.
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?.permissions().mode() & 0o777 & !mode != 0,
    };
    if open { fs::set_permissions(path, Permissions::from_mode(mode)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_its_owners_alone_and_what_stood_open_is_closed() {
        let place = tempfile::tempdir().unwrap();
        let (deep, open) = (place.path().join("a/b"), place.path().join("open"));
        folder(&deep).unwrap();
        assert_eq!((mode(&deep), mode(&place.path().join("a"))), (0o700, 0o700));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        folder(&open).unwrap();
        fs::write(open.join("x"), "").unwrap();
        fs::set_permissions(open.join("x"), Permissions::from_mode(0o666)).unwrap();
        close_files(&open).unwrap();
        assert_eq!((mode(&open), mode(&open.join("x"))), (0o700, 0o600));
        drop(file(&open.join("y")).unwrap());
        drop(new_file(&open.join("z")).unwrap());
        assert_eq!((mode(&open.join("y")), mode(&open.join("z"))), (0o600, 0o600));
        assert!(new_file(&open.join("z")).is_err());
    }
}
