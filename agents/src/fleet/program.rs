//! The program that agents are started from: always the one that the server itself runs.
//!
//! An upgrade or a hand may replace or remove the file while the server runs. The server holds the
//! file open, and from then on starts agents from a copy of it in its data directory, so that both
//! ends of a socket speak the same language. Starts nothing itself.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Bytes copied at a time.
const BITE: usize = 1024 * 1024;

/// A program held open.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    open: File,
    spare: PathBuf,
}

impl Program {
    /// Takes hold of the program at `path`; a copy, if one is ever needed, goes to `spare`. A copy
    /// that an earlier server left there is removed.
    ///
    /// # Errors
    /// The system's own, when the file cannot be opened.
    pub(super) fn hold(path: PathBuf, spare: PathBuf) -> io::Result<Self> {
        let _ = fs::remove_file(&spare); // mostly there is none
        Ok(Self { open: File::open(&path)?, path, spare })
    }

    /// Returns a file to start this program from. Blocks when that has to be made first.
    ///
    /// # Errors
    /// The system's own, when there is no room for a copy.
    pub(super) fn file(&self) -> io::Result<&Path> {
        if self.stands()? {
            return Ok(&self.path);
        }
        if !is_whole(&self.spare, self.open.metadata()?.len()) {
            tracing::warn!(
                event = "degraded", program = %self.path.display(), copy = %self.spare.display(),
                "the program's file was replaced or removed; agents start from a copy of the one \
                 that runs, until the server is started anew"
            );
            self.copy()?;
        }
        Ok(&self.spare)
    }

    /// Tells whether the file is still the one that was opened.
    fn stands(&self) -> io::Result<bool> {
        let ours = self.open.metadata()?;
        let there = fs::metadata(&self.path);
        Ok(there.is_ok_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino())))
    }

    fn copy(&self) -> io::Result<()> {
        let half = self.spare.with_extension("new");
        if let Some(folder) = half.parent() {
            appliance_files::folder(folder)?;
        }
        let to = appliance_files::file(&half)?;
        let (mut bite, mut at) = (vec![0; BITE], 0);
        loop {
            let read = self.open.read_at(&mut bite, at)?;
            if read == 0 {
                break;
            }
            to.write_all_at(&bite[..read], at)?;
            at += read as u64;
        }
        to.set_permissions(Permissions::from_mode(0o500))?;
        drop(to); // a file that is open for writing cannot be started
        fs::rename(&half, &self.spare)
    }
}

fn is_whole(copy: &Path, bytes: u64) -> bool {
    fs::metadata(copy).is_ok_and(|it| it.len() == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_and_a_removed_file_give_a_copy_of_the_one_that_was_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (path, spare) = (dir.path().join("program"), dir.path().join("run/spare"));
        fs::write(&path, "the first").unwrap();
        let program = Program::hold(path.clone(), spare.clone()).unwrap();
        assert_eq!(program.file().unwrap(), path);
        fs::write(dir.path().join("newer"), "the second").unwrap();
        fs::rename(dir.path().join("newer"), &path).unwrap();
        assert_eq!(program.file().unwrap(), spare);
        assert_eq!(fs::read_to_string(&spare).unwrap(), "the first");
        assert_eq!(fs::metadata(&spare).unwrap().mode() & 0o777, 0o500);
        fs::remove_file(&path).unwrap();
        fs::remove_file(&spare).unwrap();
        assert_eq!(fs::read_to_string(program.file().unwrap()).unwrap(), "the first");
        drop(program);
        fs::write(&path, "the third").unwrap();
        Program::hold(path, spare.clone()).unwrap();
        assert!(!spare.exists(), "an earlier server's copy is of no use");
    }
}
