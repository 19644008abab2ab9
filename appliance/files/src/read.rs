//! Files to be read: plain ones only, opened without waiting.
//!
//! Opening a FIFO waits for somebody to write into it, for ever if nobody does, and a folder is read as
//! no file is. Whatever stands in a file's place is refused by its kind. Reads no more than it is told.

use std::{
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a plain file to be read.
///
/// # Errors
/// The system's own; `InvalidData`, which names the kind, for what is no plain file.
pub fn opened(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(at_once()).open(path)?;
    plain(file)
}

/// Returns the bytes of a plain file.
///
/// # Errors
/// As [`opened`], and those of reading.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = opened(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the text of a plain file.
///
/// # Errors
/// As [`read`]; `InvalidData` where it is no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
}

/// Tells whether something that is no plain file stands at `path`; nothing there is fine.
#[must_use]
pub fn is_odd(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Returns the kind of what stands at `path`, in words; `None` where nothing does.
///
/// # Errors
/// When it cannot be looked at.
pub fn kind_at(path: &Path) -> io::Result<Option<&'static str>> {
    match fs::metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        found => Ok(Some(named(found?.file_type()))),
    }
}

/// The flag by which opening waits for nobody; plain files know nothing of it.
pub(crate) fn at_once() -> i32 {
    OFlags::NONBLOCK.bits().cast_signed()
}

/// Returns the file if it is a plain one.
pub(crate) fn plain(file: File) -> io::Result<File> {
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let why = format!("{} stands in the place of a file", named(kind));
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}

fn named(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_file() => "a file",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_read_and_none_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let (text, fifo) = (place.path().join("text"), place.path().join("fifo"));
        fs::write(&text, "kept").unwrap();
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(read_text(&text).unwrap(), "kept");
        for (path, kind) in [(fifo.as_path(), "a FIFO"), (place.path(), "a folder")] {
            let why = read(path).unwrap_err();
            assert_eq!(why.kind(), io::ErrorKind::InvalidData);
            assert!(why.to_string().starts_with(kind), "{why}");
            assert!(is_odd(path));
        }
        assert!(crate::kept_file(&fifo).is_err() && crate::appended(&fifo).is_err());
        assert!(crate::file(&fifo).is_err());
        let nothing = place.path().join("nothing");
        assert_eq!(kind_at(&nothing).unwrap(), None);
        assert_eq!([&text, &fifo].map(|at| kind_at(at).unwrap()), [Some("a file"), Some("a FIFO")]);
        assert_eq!(read(&nothing).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!is_odd(&nothing) && !is_odd(&text));
    }
}
