//! Folders and files that nobody but their owner reads. Writes nothing into them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use crate::{
    claimed::stands,
    read::{at_once, plain},
};

/// What a folder may be used for: by its owner, for everything.
const FOLDER: u32 = 0o700;

/// The same for a file.
const FILE: u32 = 0o600;

/// Makes a folder and what is missing above it; one that is there and open to others is closed.
///
/// # Errors
/// When it can neither be made nor closed.
pub fn folder(path: &Path) -> io::Result<()> {
    stands(path)?;
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)?;
    close(path)
}

/// Makes a file, or empties it; one that was open to others is closed.
///
/// # Errors
/// When it can be neither made nor emptied.
pub fn file(path: &Path) -> io::Result<File> {
    stands(path)?;
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(FILE);
    let file = options.custom_flags(at_once()).open(path)?;
    close(path)?;
    plain(file)
}

/// Makes a file that must not be there yet, to be written and read.
///
/// # Errors
/// When it is there, or cannot be made.
pub fn new_file(path: &Path) -> io::Result<File> {
    stands(path)?;
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE).open(path)
}

/// Opens a file as it is, to be written and read, and makes it if need be; one that was open to
/// others is closed.
///
/// # Errors
/// When it can be neither opened nor made.
pub fn kept_file(path: &Path) -> io::Result<File> {
    stands(path)?;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(FILE);
    let file = options.custom_flags(at_once()).open(path)?;
    close(path)?;
    plain(file)
}

/// Opens a file to append to, and makes it if need be.
///
/// # Errors
/// When it can be neither opened nor made.
pub fn appended(path: &Path) -> io::Result<File> {
    stands(path)?;
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true).mode(FILE);
    plain(options.custom_flags(at_once()).open(path)?)
}

/// Closes a file or a folder that stands open to others; one that is not there is fine.
///
/// # Errors
/// When it cannot be looked at or closed.
pub fn close(path: &Path) -> io::Result<()> {
    let found = match fs::metadata(path) {
        // Never made, or taken away again by its owner meanwhile.
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    let mode = if found.is_dir() { FOLDER } else { FILE };
    match found.permissions().mode() & 0o777 & !mode {
        0 => Ok(()),
        _ => fs::set_permissions(path, Permissions::from_mode(mode)),
    }
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
        close(&open.join("x")).unwrap();
        assert_eq!((mode(&open), mode(&open.join("x"))), (0o700, 0o600));
        drop(file(&open.join("y")).unwrap());
        drop(new_file(&open.join("z")).unwrap());
        drop(appended(&open.join("w")).unwrap());
        fs::write(open.join("v"), "kept").unwrap();
        drop(kept_file(&open.join("v")).unwrap());
        assert_eq!(fs::read(open.join("v")).unwrap(), b"kept");
        assert_eq!(["v", "w", "y", "z"].map(|name| mode(&open.join(name))), [0o600; 4]);
        assert!(new_file(&open.join("z")).is_err());
        close(&open.join("nothing")).unwrap();
    }
}
