//! The tree's learnings as files: `Learning/<PHASE>/YYYY-MM/DD/<id>.json`. Knows no records' store.
//!
//! A file has one JSON object: `id` (the memory's), `phase` (`OBSERVE` .. `LEARN`), `context_summary`
//! (its text), `outcome` (`success` or `failure`), `signals` (what was told about the answer when the
//! file was written: `kind`, `strength` in thousandths, `rating`, `comment`, `at`), `user_id`,
//! `conversation_id`, `message_id` (the answer), `agent` and `extracted_at` (RFC 3339).
//!
//! A day's folder has at most [`MOST_A_FOLDER`] files; what is more is in `DD.2`, `DD.3` and so on. An
//! older version had all files of a phase in the phase's folder.
//!
//! Invariant: a file is whole or not there: it is written beside its place, synced, then renamed.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use appliance_core::{Memory, MemoryId, Phase, Signal};
use serde_json::{Value, json};

/// Most files in one folder.
const MOST_A_FOLDER: usize = 500;

/// Most files in all: some 10 MB. The records have the older ones.
pub(super) const MOST: usize = 20_000;

/// Deepest folder below a phase's: the month's, and the day's in it.
const DEEPEST: usize = 2;

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

/// The files that are there.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// By id, and so by age.
    paths: BTreeMap<MemoryId, PathBuf>,
    counts: HashMap<PathBuf, usize>,
}

impl Files {
    /// Finds the files that are there, by the ids in their names; others are left alone.
    pub(super) fn found(root: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        for phase in PHASES {
            files.look(&root.join("Learning").join(phase.to_string()), DEEPEST)?;
        }
        Ok(files)
    }

    fn look(&mut self, folder: &Path, deeper: usize) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if deeper > 0 {
                    self.look(&path, deeper - 1)?;
                }
                continue;
            }
            let name = path.file_name().and_then(|name| name.to_str());
            let id = name.and_then(|name| name.strip_suffix(".json")).map(str::parse);
            if let Some(Ok(id)) = id {
                self.note(id, path);
            }
        }
        Ok(())
    }

    /// Returns where a memory's file is.
    pub(super) fn get(&self, id: MemoryId) -> Option<&PathBuf> {
        self.paths.get(&id)
    }

    /// Returns all ids, the oldest first.
    pub(super) fn ids(&self) -> impl Iterator<Item = MemoryId> {
        self.paths.keys().copied()
    }

    /// Tells whether there are newer ones enough.
    pub(super) fn is_too_old(&self, id: MemoryId) -> bool {
        self.paths.len() >= MOST && self.paths.first_key_value().is_some_and(|(old, _)| id < *old)
    }

    /// Returns the oldest of too many.
    pub(super) fn surplus(&self) -> Option<MemoryId> {
        (self.paths.len() > MOST).then(|| self.paths.first_key_value().map(|(id, _)| *id))?
    }

    /// Returns where a learning's file is to be; `None` for a memory that has no phase.
    pub(super) fn place(&self, root: &Path, learning: &Memory) -> Option<PathBuf> {
        let phase = learning.labels.phase?;
        let at = learning.created_at.to_string();
        let (month, day) = (at.get(..7).unwrap_or("0000-00"), at.get(8..10).unwrap_or("00"));
        let month = root.join("Learning").join(phase.to_string()).join(month);
        let numbered = (2_u32..).map(|n| month.join(format!("{day}.{n}")));
        let has_room =
            |folder: &PathBuf| self.counts.get(folder).copied().unwrap_or_default() < MOST_A_FOLDER;
        let folder = std::iter::once(month.join(day)).chain(numbered).find(has_room)?;
        Some(folder.join(format!("{}.json", learning.id)))
    }

    /// Tells whether a file is where an older version put it.
    pub(super) fn is_misplaced(path: &Path) -> bool {
        let phase = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        phase.is_some_and(|name| PHASES.iter().any(|phase| phase.to_string() == name))
    }

    /// Notes a file.
    pub(super) fn note(&mut self, id: MemoryId, path: PathBuf) {
        self.forget(id);
        *self.counts.entry(folder_of(&path)).or_default() += 1;
        self.paths.insert(id, path);
    }

    /// Notes that a file is gone.
    pub(super) fn forget(&mut self, id: MemoryId) {
        let Some(path) = self.paths.remove(&id) else { return };
        if let Some(count) = self.counts.get_mut(&folder_of(&path)) {
            *count = count.saturating_sub(1);
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

/// Writes a learning's file.
pub(super) fn write(path: &Path, learning: &Memory, signals: &[Signal]) -> io::Result<()> {
    appliance_files::folder(path.parent().unwrap_or(path))?;
    let mut text = serde_json::to_vec_pretty(&content(learning, signals))?;
    text.push(b'\n');
    appliance_files::replace(path, &text)
}

/// Moves a file to its place.
pub(super) fn relocate(from: &Path, to: &Path) -> io::Result<()> {
    appliance_files::folder(to.parent().unwrap_or(to))?;
    fs::rename(from, to)
}

/// Removes a file, and its folder if that is empty then; one that is not there is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => removed?,
    }
    if !Files::is_misplaced(path) {
        // One that is not empty stays, which is no error.
        path.ancestors().skip(1).take(DEEPEST).all(|folder| fs::remove_dir(folder).is_ok());
    }
    Ok(())
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
