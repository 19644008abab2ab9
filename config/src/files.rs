//! `config.yaml` and `conf.d/*.yaml`: finds them, reads them in order, names what is unknown.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Origin, Problem,
    layers::Layers,
    reference::{key, keys, sections},
    suggest, yaml,
};

/// Largest file that is read, in bytes; settings are small, and a device must not be swallowed.
pub(crate) const MAX_BYTES: u64 = 1024 * 1024;

/// Puts every file of the directory over the layers, in order; returns those that were read.
pub(crate) fn put(dir: &Path, layers: &mut Layers, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut read = Vec::new();
    for path in candidates(dir, problems) {
        match text(&path) {
            Ok(None) => {}
            Ok(Some(text)) => {
                put_one(&path, &text, layers, problems);
                read.push(path);
            }
            Err(problem) => problems.push(problem),
        }
    }
    read
}

/// Reads a small text file; `None` when there is none.
pub(crate) fn text(path: &Path) -> Result<Option<String>, Problem> {
    let unreadable = |source| Problem::Unreadable { path: path.to_owned(), source };
    let size = match fs::metadata(path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if size > MAX_BYTES {
        let why = format!("the file has {size} bytes, at most {MAX_BYTES} are read");
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, why)));
    }
    fs::read_to_string(path).map(Some).map_err(unreadable)
}

fn candidates(dir: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut paths = vec![dir.join("config.yaml")];
    let extra = dir.join("conf.d");
    match fs::read_dir(&extra) {
        Ok(entries) => {
            let mut more: Vec<PathBuf> =
                entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_yaml).collect();
            more.sort();
            paths.extend(more);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => problems.push(Problem::Unreadable { path: extra, source }),
    }
    paths
}

#[expect(clippy::ptr_arg, reason = "the shape that `filter` wants")]
fn is_yaml(path: &PathBuf) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn put_one(path: &Path, text: &str, layers: &mut Layers, problems: &mut Vec<Problem>) {
    let found = match yaml::read(path, text) {
        Ok(found) => found,
        Err(problem) => return problems.push(problem),
    };
    for one in found {
        match (key(&one.key), one.value) {
            (Some(key), Some(value)) => {
                let origin = Origin::File { path: path.to_owned(), line: one.at.0 };
                layers.put(key.name, value, origin);
            }
            (Some(_), None) => {}
            (None, None) if sections().any(|section| section == one.key) => {}
            (None, _) => problems.push(unknown(path, one.key, one.at, one.key_at)),
        }
    }
}

fn unknown(path: &Path, key: String, at: (u64, u64), key_at: (u64, u64)) -> Problem {
    let path = path.to_owned();
    if sections().any(|section| section == key) {
        let why = format!("{key}: expected a section with keys of its own, found a value");
        return Problem::Malformed { path, line: at.0, column: at.1, why };
    }
    let hint = suggest::hint(&key, keys().map(|key| key.name));
    Problem::UnknownKey { path, line: key_at.0, column: key_at.1, key, hint }
}
