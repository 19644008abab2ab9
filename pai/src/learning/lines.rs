//! The tree's signals as lines: `Signals/{ratings,sentiment,behavioral,verification}/YYYY-MM.jsonl`.
//!
//! A line has one JSON object: `id`, `timestamp` (RFC 3339), `user_id`, `kind`, `strength` in
//! thousandths, `memories` (whose utility moved), `moved` (ten-thousandths), and where known
//! `rating`, `of`, `source` (`explicit` for a number, `implicit` for praise), `comment`, `task_id`
//! and `message_id`. Lines are appended and never changed, but that a comment goes with what it was
//! about when that is purged.
//!
//! Invariant: every line ends with a line feed; what a crash left without one is cut off before the
//! next is appended.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use appliance_core::{Signal, SignalId, SignalType, UserId};
use serde_json::{Value, json};

use crate::ratings::PRAISE;

const FOLDERS: [&str; 4] = ["ratings", "sentiment", "behavioral", "verification"];

/// Mends torn files and returns the signals that have a line.
pub(super) fn present(root: &Path) -> io::Result<HashSet<SignalId>> {
    let mut noted = HashSet::new();
    for path in files(root)? {
        noted.extend(ids(&mended(&path)?));
    }
    Ok(noted)
}

/// Returns the signals whose lines have a person's words, and whose they are.
pub(super) fn worded(root: &Path) -> io::Result<Vec<(UserId, SignalId)>> {
    let mut found = Vec::new();
    for path in files(root)? {
        found.extend(
            values(&mended(&path)?)
                .filter(|line| !line["comment"].is_null())
                .filter_map(|line| Some((line["user_id"].as_str()?.parse().ok()?, id(&line)?))),
        );
    }
    Ok(found)
}

/// Takes the words out of the lines of `silent`; a file is written beside its place, synced, renamed.
pub(super) fn silence(root: &Path, silent: &HashSet<SignalId>) -> io::Result<()> {
    for path in files(root)? {
        let mut lines: Vec<Value> = values(&mended(&path)?).collect();
        let of_it = |line: &&mut Value| id(line).is_some_and(|id| silent.contains(&id));
        let words = lines
            .iter_mut()
            .filter(of_it)
            .filter_map(|line| line.as_object_mut().and_then(|line| line.remove("comment")));
        if words.count() == 0 {
            continue;
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        appliance_files::replace(&path, text.as_bytes())?;
    }
    Ok(())
}

/// Returns the files that there are.
fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let entries = match fs::read_dir(root.join("Signals").join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Appends `signals`, oldest first, each to the file of its kind and month.
pub(super) fn append(root: &Path, signals: &[Signal]) -> io::Result<()> {
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for signal in signals {
        let text = files.entry(place(root, signal)).or_default();
        serde_json::to_writer(&mut *text, &line(signal))?;
        text.push(b'\n');
    }
    for (path, text) in files {
        appliance_files::folder(path.parent().unwrap_or(root))?;
        let mut file = appliance_files::appended(&path)?;
        file.write_all(&text)?;
        file.sync_data()?;
    }
    Ok(())
}

/// Returns a file's text without a torn last line, which is cut off on disk too.
fn mended(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = appliance_files::read(path)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < text.len() {
        text.truncate(whole);
        let file = File::options().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_data()?;
    }
    Ok(text)
}

fn ids(text: &[u8]) -> impl Iterator<Item = SignalId> + '_ {
    values(text).filter_map(|line| id(&line))
}

fn values(text: &[u8]) -> impl Iterator<Item = Value> + '_ {
    text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn id(line: &Value) -> Option<SignalId> {
    line["id"].as_str()?.parse().ok()
}

fn place(root: &Path, signal: &Signal) -> PathBuf {
    let at = signal.at.to_string();
    let month = at.get(..7).unwrap_or("0000-00");
    root.join("Signals").join(folder(signal.kind)).join(format!("{month}.jsonl"))
}

const fn folder(kind: SignalType) -> &'static str {
    use SignalType::{
        ContextSwitch, FollowUp, ResponseEdit, TaskAbandon, TaskFailure, TaskRetry, TaskSuccess,
        UserAcceptance, UserCorrection, UserRating,
    };
    match kind {
        UserRating => FOLDERS[0],
        UserCorrection | UserAcceptance => FOLDERS[1],
        TaskRetry | TaskAbandon | ResponseEdit | FollowUp | ContextSwitch => FOLDERS[2],
        TaskSuccess | TaskFailure => FOLDERS[3],
    }
}

fn line(signal: &Signal) -> Value {
    let mut line = json!({
        "id": signal.id.to_string(),
        "timestamp": signal.at.to_string(),
        "user_id": signal.owner.to_string(),
        "kind": signal.kind,
        "strength": signal.strength,
        "memories": signal.memories.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "moved": signal.moved,
    });
    if let Some((value, of)) = signal.rating {
        line["rating"] = value.into();
        line["of"] = of.into();
        line["source"] = "explicit".into();
    } else if signal.kind == SignalType::UserAcceptance {
        line["rating"] = PRAISE.0.into();
        line["of"] = 10.into();
        line["source"] = "implicit".into();
    }
    let rest = [
        ("comment", signal.comment.clone()),
        ("task_id", signal.task_id.map(|id| id.to_string())),
        ("message_id", signal.message_id.map(|id| id.to_string())),
    ];
    for (name, value) in rest {
        if let Some(value) = value {
            line[name] = value.into();
        }
    }
    line
}
