//! Room for a text index: its folder, without what is in the way. Makes no index.

use std::{ffi::OsStr, fs, io, path::Path};

use tantivy::directory::{INDEX_WRITER_LOCK, META_LOCK};

use super::files::META;

/// What tantivy names its list of files.
const MANAGED: &str = ".managed.json";

/// What begins the name of a file that an earlier version was cut off at.
const CUT_OFF: &str = ".tmp";

/// Makes the folder, and takes the files of an unusable index away. Folders are not ours: one that is
/// in the way is put aside.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    appliance_files::own_folder(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true if is_taken(&entry.file_name()) => put_aside(&entry.path())?,
            true => {}
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

fn put_aside(path: &Path) -> io::Result<()> {
    let aside = appliance_files::set_aside(path)?;
    tracing::warn!(was = %path.display(), now = %aside.display(), "what is not ours is put aside");
    Ok(())
}

/// Tells whether a name is one that the index needs for a file.
fn is_taken(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let name = name.strip_suffix(".new").unwrap_or(&name);
    let locks = [&INDEX_WRITER_LOCK.filepath, &META_LOCK.filepath];
    [META, MANAGED].contains(&name) || locks.iter().any(|lock| lock.as_os_str() == name)
}

/// Takes away what an earlier life was cut off at; nobody reads it.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(CUT_OFF) {
            let _ = fs::remove_file(entry.path()); // one that stays is swept by the next start
        }
    }
}
