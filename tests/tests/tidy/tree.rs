//! The project's files as text. Reads; judges nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that are made, not written.
const MADE: [&str; 4] = [".git", ".venv", "node_modules", "target"];

/// One text file.
pub struct File {
    /// Path from the project's root.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl File {
    /// Whether its name ends so.
    pub fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }

    /// Says something about one of its lines, counted from 0.
    pub fn complain(&self, line: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }
}

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file that is UTF-8, in the order of their paths.
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    walk(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "the walk found only {} files", found.len());
    found
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder that can be read") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("file names are UTF-8");
        let (path, kind) = (format!("{prefix}{name}"), entry.file_type().expect("a file type"));
        if kind.is_dir() && !MADE.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), found);
        } else if kind.is_file() {
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            found.push(File { path, text });
        }
    }
}
