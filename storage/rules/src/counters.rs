//! The store's counters: how many commits, changes, tasks, audit lines and the like there have been.
//!
//! Key: one row, `counters`. Each counter only grows, so a sequence is never given twice.

use serde::{Deserialize, Serialize};

use crate::{
    Entity, Fault,
    codec::{self, Place},
    codes::UnknownCode,
    entity::{IdShape, Kind},
    view::{Read as _, View},
};

/// Id: `counters`.
pub static COUNTERS: Kind = Kind { name: "counters.v1", id: IdShape::Bytes, keys: &[] };

const ROW: &[u8] = b"counters";

/// The highest number given so far of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Batches applied.
    pub commit: u64,
    /// Changes of conversations.
    pub change: u64,
    /// Tasks made.
    pub task: u64,
    /// Memories put and changed: the highest position of the change log.
    pub memory: u64,
    /// Audit lines appended.
    pub audit: u64,
    /// Users made.
    pub user: u64,
    /// Deeds done to memories.
    pub action: u64,
    /// Signals given.
    pub signal: u64,
    /// The newest id's unix milliseconds: the floor of an `IdMint`.
    pub newest_millis: u64,
}

impl Counters {
    /// Notes an id, so that a restart mints none that sorts before it.
    pub fn note(&mut self, id: [u8; 16]) {
        let [a, b, c, d, e, f, version, ..] = id;
        if version >> 4 == 7 {
            let millis = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
            self.newest_millis = self.newest_millis.max(millis);
        }
    }
}

/// Raises a counter and returns its new value.
pub const fn next(counter: &mut u64) -> u64 {
    *counter += 1;
    *counter
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct CountersV1 {
    commit: u64,
    change: u64,
    task: u64,
    memory: u64,
    audit: u64,
    user: u64,
    newest_millis: u64,
}

/// The frozen form, version 2: deeds and signals are counted.
#[derive(Serialize, Deserialize)]
pub struct CountersV2 {
    before: CountersV1,
    action: u64,
    signal: u64,
}

impl Entity for Counters {
    type Frozen = CountersV2;
    const KIND: &'static Kind = &COUNTERS;
    const VERSION: u8 = 2;

    fn freeze(&self) -> CountersV2 {
        let Self { commit, change, task, memory, audit, user, newest_millis, .. } = *self;
        let before = CountersV1 { commit, change, task, memory, audit, user, newest_millis };
        CountersV2 { before, action: self.action, signal: self.signal }
    }

    fn thaw(_id: &[u8], frozen: CountersV2) -> Result<Self, UnknownCode> {
        let CountersV2 { before, action, signal } = frozen;
        let CountersV1 { commit, change, task, memory, audit, user, newest_millis } = before;
        Ok(Self { commit, change, task, memory, audit, user, action, signal, newest_millis })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<CountersV1>(place, 1, sealed)?;
            Ok(Self::thaw(ROW, CountersV2 { before, action: 0, signal: 0 })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        ROW.to_vec()
    }
}

/// Reads the counters; all zero in a new file.
pub fn read(view: &dyn View) -> Result<Counters, Fault> {
    Ok(view.row(ROW)?.unwrap_or_default())
}
