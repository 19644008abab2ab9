//! Notes of deeds: what was done to memories, with what was found there before. Does none.
//!
//! A note holds ids and no text: what is purged leaves none behind here.

use appliance_core::{
    ActionId, Deed, Memory, MemoryAction, MemoryId, MemoryKind, Page, PageRequest, Provenance,
    TaskId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::{
    BY_ID as MEMORIES_BY_ID, MEMORIES, Texts,
    read::{self, whole},
};
use crate::{
    Entity, Fault,
    codec::{self, Place},
    codes::UnknownCode,
    entity::{IdShape, Key, Keyed, Kind, Rule, key, trailing_seq},
    view::{Read as _, Span, View},
    walk,
};

/// Id: owner, 16 bytes; number of the deed, 8 bytes big endian.
pub static ACTIONS: Kind =
    Kind { name: "memory_actions.v1", id: IdShape::Numbered, keys: &[&BY_ID] };

/// Place: action id, 16 bytes.
pub static BY_ID: Key = Key::new("memory_actions_by_id.v1", Rule::Unique);

/// A deed as it is noted.
#[derive(Debug, Clone)]
pub struct ActionRow {
    /// Its place among its owner's deeds.
    pub number: u64,
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
    /// The task it was done in.
    pub task_id: Option<TaskId>,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct ActionV1 {
    id: [u8; 16],
    owner: [u8; 16],
    done: DoneV1,
    at: i64,
    undone_at: Option<i64>,
}

/// The frozen form, version 2: the task it was done in.
#[derive(Serialize, Deserialize)]
pub struct ActionV2 {
    before: ActionV1,
    task: Option<[u8; 16]>,
}

/// What was done, in its frozen form, version 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum DoneV1 {
    /// These were forgotten, of which those were shown before.
    Forget {
        /// All that were named.
        ids: Vec<[u8; 16]>,
        /// Those that were shown before.
        newly: Vec<[u8; 16]>,
    },
    /// One took another's place.
    Correct {
        /// What held before.
        old: [u8; 16],
        /// What holds now.
        new: [u8; 16],
    },
    /// It was pinned or not, and was so before or not.
    Pin {
        /// Which.
        id: [u8; 16],
        /// Whether it is.
        pinned: bool,
        /// Whether it was.
        was: bool,
    },
}

impl Entity for ActionRow {
    type Frozen = ActionV2;
    const KIND: &'static Kind = &ACTIONS;
    const VERSION: u8 = 2;

    fn freeze(&self) -> ActionV2 {
        let before = ActionV1 {
            id: self.id.bytes(),
            owner: self.owner.bytes(),
            done: self.done.clone(),
            at: self.at.unix_micros(),
            undone_at: self.undone_at.map(Timestamp::unix_micros),
        };
        ActionV2 { before, task: self.task_id.map(|id| id.bytes()) }
    }

    fn thaw(id: &[u8], frozen: ActionV2) -> Result<Self, UnknownCode> {
        let ActionV2 { before, task } = frozen;
        Ok(Self {
            number: trailing_seq(id),
            id: ActionId::from_bytes(before.id),
            owner: UserId::from_bytes(before.owner),
            done: before.done,
            at: Timestamp::from_unix_micros(before.at),
            undone_at: before.undone_at.map(Timestamp::from_unix_micros),
            task_id: task.map(TaskId::from_bytes),
        })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<ActionV1>(place, 1, sealed)?;
            Ok(Self::thaw(place.key, ActionV2 { before, task: None })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        key(&[&self.owner.bytes(), &self.number.to_be_bytes()])
    }

    fn keys(&self) -> Vec<Keyed> {
        vec![BY_ID.at(&[&self.id.bytes()])]
    }
}

/// Returns one deed of `owner`.
pub fn get(
    view: &dyn View,
    texts: &dyn Texts,
    owner: UserId,
    id: ActionId,
) -> Result<Option<MemoryAction>, Fault> {
    let row = view.by::<ActionRow>(&BY_ID, &id.bytes())?.filter(|row| row.owner == owner);
    row.map(|row| told(view, texts, row)).transpose()
}

/// Returns deeds of `owner`, newest first; not those of which nothing is left, all of it purged.
pub fn list(
    view: &dyn View,
    texts: &dyn Texts,
    owner: UserId,
    page: PageRequest,
) -> Result<Page<MemoryAction>, Fault> {
    let walk = view.walk::<ActionRow>(Span::newest(&owner.bytes(), page.after));
    walk::page(walk, page, |row| match is_left(view, &row.done)? {
        true => told(view, texts, row).map(Some),
        false => Ok(None),
    })
}

/// Returns what `owner` corrected `old` to, if that stands and can be read.
pub(crate) fn corrected_to(
    view: &dyn View,
    owner: UserId,
    old: MemoryId,
) -> Result<Option<MemoryId>, Fault> {
    for row in walk::readable(view.walk::<ActionRow>(Span::newest(&owner.bytes(), None))) {
        let ActionRow { done, undone_at, .. } = row?;
        if let DoneV1::Correct { old: ended, new } = done
            && ended == old.bytes()
            && undone_at.is_none()
        {
            return Ok(Some(MemoryId::from_bytes(new)));
        }
    }
    Ok(None)
}

/// Tells whether a memory that a deed was done to is there still, as far as can be read.
fn is_left(view: &dyn View, done: &DoneV1) -> Result<bool, Fault> {
    let ids = match done {
        DoneV1::Forget { ids, .. } => ids.as_slice(),
        DoneV1::Correct { old, new } => &[*old, *new],
        DoneV1::Pin { id, .. } => std::slice::from_ref(id),
    };
    for id in ids {
        let found = view.find(&MEMORIES, &MEMORIES_BY_ID, id);
        let found = view.readable(found, Some(MemoryId::from_bytes(*id)))?;
        if found.is_none_or(|row| row.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn told(view: &dyn View, texts: &dyn Texts, row: ActionRow) -> Result<MemoryAction, Fault> {
    let deed = match row.done {
        DoneV1::Forget { ids, .. } => {
            Deed::Forget { ids: ids.into_iter().map(MemoryId::from_bytes).collect() }
        }
        DoneV1::Correct { old, new } => {
            let new = match read::find(view, MemoryId::from_bytes(new))? {
                Some(entry) => whole(view, texts, entry)?,
                None => purged(MemoryId::from_bytes(new), row.owner, row.at),
            };
            Deed::Correct { old: MemoryId::from_bytes(old), new: Box::new(new) }
        }
        DoneV1::Pin { id, pinned, .. } => Deed::Pin { id: MemoryId::from_bytes(id), pinned },
    };
    let ActionRow { id, owner, at, undone_at, task_id, .. } = row;
    Ok(MemoryAction { id, owner, deed, at, undone_at, task_id })
}

/// Returns what is left of a memory that was purged: no text.
fn purged(id: MemoryId, owner: UserId, at: Timestamp) -> Memory {
    Memory::new(id, owner, MemoryKind::Note, String::new(), Provenance::default(), at)
}
