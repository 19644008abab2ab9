//! Notes of deeds: what was done to memories, with what was found there before. Does none.
//!
//! A note holds ids and no text: what is purged leaves none behind here.

use appliance_core::{
    ActionId, Deed, Memory, MemoryAction, MemoryId, MemoryKind, Page, PageRequest, Provenance,
    Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::read;
use crate::{
    cold::Archive,
    fault::Fault,
    records::codes::UnknownCode,
    rows::{Record, Rows, key},
    snapshot::Snapshot,
};

/// Key: owner, 16 bytes; number of the deed, 8 bytes big endian. Value: [`ActionV1`].
pub(crate) const ACTIONS: Rows<ActionRow> = Rows::new("memory_actions.v1");

/// Key: action id, 16 bytes. Value: owner and number of the deed.
pub(crate) const BY_ID: Rows<([u8; 16], u64)> = Rows::new("memory_actions_by_id.v1");

/// A deed as it is noted.
#[derive(Debug, Clone)]
pub(crate) struct ActionRow {
    /// Which.
    pub id: ActionId,
    /// Whose.
    pub owner: UserId,
    /// What was done.
    pub done: DoneV1,
    /// When.
    pub at: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct ActionV1 {
    id: [u8; 16],
    owner: [u8; 16],
    done: DoneV1,
    at: i64,
    undone_at: Option<i64>,
}

/// What was done, in its frozen form, version 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum DoneV1 {
    /// These were forgotten, of which those were shown before.
    Forget { ids: Vec<[u8; 16]>, newly: Vec<[u8; 16]> },
    /// One took another's place.
    Correct { old: [u8; 16], new: [u8; 16] },
    /// It was pinned or not, and was so before or not.
    Pin { id: [u8; 16], pinned: bool, was: bool },
}

impl Record for ActionRow {
    type Frozen = ActionV1;

    fn freeze(&self) -> ActionV1 {
        ActionV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            done: self.done.clone(),
            at: self.at.unix_micros(),
            undone_at: self.undone_at.map(Timestamp::unix_micros),
        }
    }

    fn thaw(frozen: ActionV1) -> Result<Self, UnknownCode> {
        Ok(Self {
            id: ActionId::from_bytes(frozen.id),
            owner: UserId::from_bytes(frozen.owner),
            done: frozen.done,
            at: Timestamp::from_unix_micros(frozen.at),
            undone_at: frozen.undone_at.map(Timestamp::from_unix_micros),
        })
    }
}

/// Returns one deed of `owner`.
pub(super) fn get(
    file: &Snapshot,
    archive: &Archive,
    owner: UserId,
    id: ActionId,
) -> Result<Option<MemoryAction>, Fault> {
    let Some((whose, number)) = file.get(&BY_ID, &id.bytes())? else { return Ok(None) };
    if whose != owner.bytes() {
        return Ok(None);
    }
    let row = file.follow(&ACTIONS, &place(owner, number), BY_ID.name)?;
    told(file, archive, row).map(Some)
}

/// Returns deeds of `owner`, newest first.
pub(super) fn list(
    file: &Snapshot,
    archive: &Archive,
    owner: UserId,
    page: PageRequest,
) -> Result<Page<MemoryAction>, Fault> {
    file.newest_first(&ACTIONS, &owner.bytes(), page, |row| told(file, archive, row).map(Some))
}

fn told(file: &Snapshot, archive: &Archive, row: ActionRow) -> Result<MemoryAction, Fault> {
    let deed = match row.done {
        DoneV1::Forget { ids, .. } => {
            Deed::Forget { ids: ids.into_iter().map(MemoryId::from_bytes).collect() }
        }
        DoneV1::Correct { old, new } => {
            let new = match read::find(file, MemoryId::from_bytes(new))? {
                Some(entry) => read::whole(entry, archive)?,
                None => purged(MemoryId::from_bytes(new), row.owner, row.at),
            };
            Deed::Correct { old: MemoryId::from_bytes(old), new: Box::new(new) }
        }
        DoneV1::Pin { id, pinned, .. } => Deed::Pin { id: MemoryId::from_bytes(id), pinned },
    };
    Ok(MemoryAction { id: row.id, owner: row.owner, deed, at: row.at, undone_at: row.undone_at })
}

/// Returns what is left of a memory that was purged: no text.
fn purged(id: MemoryId, owner: UserId, at: Timestamp) -> Memory {
    Memory::new(id, owner, MemoryKind::Note, String::new(), Provenance::default(), at)
}

/// Returns where deed `number` of `owner` is noted.
pub(super) fn place(owner: UserId, number: u64) -> Vec<u8> {
    key(&[&owner.bytes(), &number.to_be_bytes()])
}
