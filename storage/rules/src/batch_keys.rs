//! What was applied under a key, so that a repeat within its lifetime changes nothing.
//!
//! Every key lives a day; one of a task lives on, a day at a time, for as long as its task is open.

use appliance_core::{
    Applied, Batch, BatchKey, Conflict, MemoryId, TaskId, Timestamp,
    batch::{KEY_LIFETIME, Lifetime},
};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::UnknownCode,
    entity::{IdShape, Key, Keyed, Kind, Rule, micros},
    fault::{conflict, invalid},
    tasks,
    view::{Read as _, Span, View},
};

/// Id: digest of the batch key's name, 16 bytes; the name itself in a row of an earlier version.
pub static KEYS: Kind = Kind { name: "batch_keys.v1", id: IdShape::Bytes, keys: &[&BY_EXPIRY] };

/// Place: expiry, 8 bytes big endian microseconds; then the id.
pub static BY_EXPIRY: Key = Key::new("batch_keys_by_expiry.v2", Rule::Ordered);

/// Most bytes a key's name may have.
const MAX_NAME_BYTES: usize = 200;

/// Expired keys taken away in one step, so that a step stays short.
const SWEPT_AT_ONCE: usize = 64;

/// The first result under a key.
#[derive(Debug)]
pub struct KeyRow {
    id: Vec<u8>,
    digest: [u8; 32],
    expires_at: Timestamp,
    task: Option<TaskId>,
    applied: Applied,
}

impl KeyRow {
    /// Tells whether it is remembered at `now`: for its day, and while its task is open.
    fn lives(&self, view: &dyn View, now: Timestamp) -> Result<bool, Fault> {
        if now < self.expires_at {
            return Ok(true);
        }
        let Some(id) = self.task else { return Ok(false) };
        tasks::is_open(view, id)
    }

    /// Returns the first result; refuses another request.
    fn of(self, asked: &BatchKey) -> Result<Applied, Conflict> {
        if self.digest == asked.digest { Ok(self.applied) } else { Err(Conflict::KeyReused) }
    }
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct KeyV1 {
    digest: [u8; 32],
    expires_at: i64,
    commit: u64,
    sequences: Vec<Option<u64>>,
    ids: Vec<[u8; 16]>,
}

/// The frozen form, version 2: which memories hold the batch's texts.
#[derive(Serialize, Deserialize)]
pub struct KeyV2 {
    before: KeyV1,
    memories: Vec<[u8; 16]>,
}

/// The frozen form, version 3: the task that the key lives as long as.
#[derive(Serialize, Deserialize)]
pub struct KeyV3 {
    before: KeyV2,
    task: Option<[u8; 16]>,
}

/// The frozen form, version 4: which memories a purge took out unread.
#[derive(Serialize, Deserialize)]
pub struct KeyV4 {
    before: KeyV3,
    untraced: Vec<[u8; 16]>,
}

impl From<KeyV2> for KeyV3 {
    fn from(before: KeyV2) -> Self {
        Self { before, task: None }
    }
}

impl From<KeyV3> for KeyV4 {
    fn from(before: KeyV3) -> Self {
        Self { before, untraced: Vec::new() }
    }
}

impl Entity for KeyRow {
    type Frozen = KeyV4;
    const KIND: &'static Kind = &KEYS;
    const VERSION: u8 = 4;

    fn freeze(&self) -> KeyV4 {
        let before = KeyV1 {
            digest: self.digest,
            expires_at: self.expires_at.unix_micros(),
            commit: self.applied.commit,
            sequences: self.applied.sequences.clone(),
            ids: self.applied.ids.clone(),
        };
        let memories = self.applied.memories.iter().map(MemoryId::bytes).collect();
        let untraced = self.applied.untraced.iter().map(MemoryId::bytes).collect();
        let task = self.task.map(|id| id.bytes());
        KeyV4 { before: KeyV3 { before: KeyV2 { before, memories }, task }, untraced }
    }

    fn thaw(id: &[u8], frozen: KeyV4) -> Result<Self, UnknownCode> {
        let KeyV4 { before: KeyV3 { before: KeyV2 { before, memories }, task }, untraced } = frozen;
        let KeyV1 { digest, expires_at, commit, sequences, ids } = before;
        let memories = memories.into_iter().map(MemoryId::from_bytes).collect();
        let untraced = untraced.into_iter().map(MemoryId::from_bytes).collect();
        let applied = Applied { commit, sequences, memories, untraced, repeated: true, ids };
        let (id, expires_at) = (id.to_vec(), Timestamp::from_unix_micros(expires_at));
        Ok(Self { id, digest, expires_at, task: task.map(TaskId::from_bytes), applied })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = |version: &u8| {
            let before = match *version {
                1 => KeyV2 { before: codec::open(place, 1, sealed)?, memories: Vec::new() }.into(),
                2 => codec::open::<KeyV2>(place, 2, sealed)?.into(),
                _ => codec::open::<KeyV3>(place, 3, sealed)?,
            };
            Ok(Self::thaw(place.key, before.into())?)
        };
        sealed.first().filter(|version| matches!(version, 1..=3)).map(read)
    }

    fn id(&self) -> Vec<u8> {
        self.id.clone()
    }

    fn keys(&self) -> Vec<Keyed> {
        vec![BY_EXPIRY.at(&[&micros(self.expires_at), &self.id])]
    }
}

/// Returns the first result under the key if there is one; refuses another digest.
pub fn recall(
    draft: &mut Draft<'_>,
    asked: &BatchKey,
    now: Timestamp,
) -> Result<Option<Applied>, Refusal> {
    if asked.name.is_empty() || asked.name.len() > MAX_NAME_BYTES {
        let bytes = asked.name.len();
        return Err(invalid(format!("batch key has {bytes} bytes, 1 to {MAX_NAME_BYTES} fit")));
    }
    first(draft.view(), asked, now)?.transpose().map_err(conflict)
}

/// Returns the first result under the key, or the conflict of another request, outside of any batch.
///
/// # Errors
/// A damaged row, or the adapter's failure.
pub fn first(
    view: &dyn View,
    asked: &BatchKey,
    now: Timestamp,
) -> Result<Option<Result<Applied, Conflict>>, Fault> {
    let found = match view.row::<KeyRow>(&id_of(&asked.name))? {
        Some(row) => Some(row),
        None => view.row::<KeyRow>(asked.name.as_bytes())?, // kept by an earlier version
    };
    let Some(row) = found else { return Ok(None) };
    Ok(row.lives(view, now)?.then(|| row.of(asked)))
}

/// Keeps the result of `batch` under its key.
pub fn keep(
    draft: &mut Draft<'_>,
    batch: &Batch,
    applied: &Applied,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(BatchKey { name, digest, lifetime }) = &batch.key else { return Ok(()) };
    let (id, digest, expires_at) = (id_of(name), *digest, now.plus(KEY_LIFETIME));
    let task = match lifetime {
        Lifetime::Day => None,
        Lifetime::Task(id) => Some(*id),
    };
    let applied = Applied { ids: batch.ids.clone(), ..applied.clone() };
    Ok(draft.put(&KeyRow { id, digest, expires_at, task, applied })?)
}

/// Takes expired keys away, some at a time; one that cannot be read goes too, and one of an open
/// task lives on for another day.
///
/// # Errors
/// The adapter's failure.
pub fn sweep(draft: &mut Draft<'_>, now: Timestamp) -> Result<(), Fault> {
    let expired = Span { high: Some(micros(now).to_vec()), ..Span::all() };
    for (place, _) in draft.view().places(&KEYS, &BY_EXPIRY, &expired, SWEPT_AT_ONCE)? {
        let id = place.get(8..).unwrap_or_default().to_vec();
        if let Some(row) = living_on(draft, &id, now)? {
            draft.put(&KeyRow { expires_at: now.plus(KEY_LIFETIME), ..row })?;
            continue;
        }
        draft.drop_row::<KeyRow>(&id, &[BY_EXPIRY.at(&[&place])])?;
    }
    Ok(())
}

fn living_on(draft: &Draft<'_>, id: &[u8], now: Timestamp) -> Result<Option<KeyRow>, Fault> {
    let read = draft.get::<KeyRow>(id).and_then(|row| {
        let lives = row.as_ref().map_or(Ok(false), |row| row.lives(draft.view(), now))?;
        Ok(row.filter(|_| lives))
    });
    match read {
        Err(fault) if fault.is_of_one_row() => Ok(None),
        read => read,
    }
}

/// Returns what a row is kept under: a name has 200 bytes, and lies in two tables.
fn id_of(name: &str) -> Vec<u8> {
    digest(&SHA256, name.as_bytes()).as_ref()[..16].to_vec()
}
