//! The tree's learnings as files: `Learning/<PHASE>/<id>.json`. Knows no records' store.
//!
//! A file has one JSON object: `id` (the memory's), `phase` (`OBSERVE` .. `LEARN`), `context_summary`
//! (its text), `outcome` (`success` or `failure`), `signals` (what was told about the answer when the
//! file was written: `kind`, `strength` in thousandths, `rating`, `comment`, `at`), `user_id`,
//! `conversation_id`, `message_id` (the answer), `agent` and `extracted_at` (RFC 3339).
//!
//! Invariant: a file is whole or not there: it is written beside its place, synced, then renamed.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use appliance_core::{Memory, MemoryId, Phase, Signal};
use serde_json::{Value, json};

/// Every phase, in order.
const PHASES: [Phase; 7] = [
    Phase::Observe,
    Phase::Think,
    Phase::Plan,
    Phase::Build,
    Phase::Execute,
    Phase::Verify,
    Phase::Learn,
];

/// Returns where a learning's file is; `None` for a memory that has no phase.
pub(super) fn place(root: &Path, learning: &Memory) -> Option<PathBuf> {
    let phase = learning.labels.phase?;
    Some(root.join("Learning").join(phase.to_string()).join(format!("{}.json", learning.id)))
}

/// Returns the files that are there, by the ids in their names; others are left alone.
pub(super) fn present(root: &Path) -> io::Result<HashMap<MemoryId, PathBuf>> {
    let mut found = HashMap::new();
    for phase in PHASES {
        let dir = root.join("Learning").join(phase.to_string());
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            let named = path.file_name().and_then(|name| name.to_str());
            let id = named.and_then(|name| name.strip_suffix(".json")).map(str::parse);
            if let Some(Ok(id)) = id {
                found.insert(id, path);
            }
        }
    }
    Ok(found)
}

/// Writes a learning's file.
pub(super) fn write(path: &Path, learning: &Memory, signals: &[Signal]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(path);
    fs::create_dir_all(dir)?;
    let mut text = serde_json::to_vec_pretty(&content(learning, signals))?;
    text.push(b'\n');
    let beside = path.with_extension("json.new");
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(dir)?.sync_all()
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn content(learning: &Memory, signals: &[Signal]) -> Value {
    let from = &learning.provenance;
    let told = |signal: &Signal| {
        json!({
            "kind": signal.kind,
            "strength": signal.strength,
            "rating": signal.rating.map(|(value, of)| json!({ "value": value, "of": of })),
            "comment": signal.comment,
            "at": signal.at.to_string(),
        })
    };
    json!({
        "id": learning.id.to_string(),
        "phase": learning.labels.phase,
        "context_summary": learning.text,
        "outcome": learning.labels.outcome,
        "signals": signals.iter().map(told).collect::<Vec<_>>(),
        "user_id": learning.owner.to_string(),
        "conversation_id": from.conversation_id.map(|id| id.to_string()),
        "message_id": from.message_id.map(|id| id.to_string()),
        "agent": from.agent,
        "extracted_at": learning.created_at.to_string(),
    })
}
