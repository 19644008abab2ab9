//! What was applied under a key, so that a repeat within 24 hours changes nothing.

use appliance_core::{
    Applied, Batch, BatchKey, Conflict, MemoryId, Timestamp, batch::KEY_LIFETIME,
};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault, Refusal,
    codec::{self, Place},
    codes::UnknownCode,
    entity::{IdShape, Key, Keyed, Kind, Rule, micros},
    fault::{conflict, invalid},
    view::Span,
};

/// Id: the batch key's name.
pub static KEYS: Kind = Kind { name: "batch_keys.v1", id: IdShape::Bytes, keys: &[&BY_EXPIRY] };

/// Place: expiry, 8 bytes big endian microseconds; then the name.
pub static BY_EXPIRY: Key = Key::new("batch_keys_by_expiry.v2", Rule::Ordered);

/// Most bytes a key's name may have.
const MAX_NAME_BYTES: usize = 200;

/// Expired keys taken away in one step, so that a step stays short.
const SWEPT_AT_ONCE: usize = 64;

/// The first result under a key.
#[derive(Debug)]
pub struct KeyRow {
    name: String,
    digest: [u8; 32],
    expires_at: Timestamp,
    applied: Applied,
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

impl Entity for KeyRow {
    type Frozen = KeyV2;
    const KIND: &'static Kind = &KEYS;
    const VERSION: u8 = 2;

    fn freeze(&self) -> KeyV2 {
        let before = KeyV1 {
            digest: self.digest,
            expires_at: self.expires_at.unix_micros(),
            commit: self.applied.commit,
            sequences: self.applied.sequences.clone(),
            ids: self.applied.ids.clone(),
        };
        KeyV2 { before, memories: self.applied.memories.iter().map(MemoryId::bytes).collect() }
    }

    fn thaw(id: &[u8], frozen: KeyV2) -> Result<Self, UnknownCode> {
        let KeyV1 { digest, expires_at, commit, sequences, ids } = frozen.before;
        let memories = frozen.memories.into_iter().map(MemoryId::from_bytes).collect();
        let applied = Applied { commit, sequences, memories, repeated: true, ids };
        let (name, expires_at) = (name(id), Timestamp::from_unix_micros(expires_at));
        Ok(Self { name, digest, expires_at, applied })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<KeyV1>(place, 1, sealed)?;
            Ok(Self::thaw(place.key, KeyV2 { before, memories: Vec::new() })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }

    fn id(&self) -> Vec<u8> {
        self.name.as_bytes().to_vec()
    }

    fn keys(&self) -> Vec<Keyed> {
        vec![BY_EXPIRY.at(&[&micros(self.expires_at), self.name.as_bytes()])]
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
    let Some(row) = draft.get::<KeyRow>(asked.name.as_bytes())? else { return Ok(None) };
    if row.expires_at <= now {
        return Ok(None);
    }
    if row.digest != asked.digest {
        return Err(conflict(Conflict::KeyReused));
    }
    Ok(Some(row.applied))
}

/// Keeps the result of `batch` under its key.
pub fn keep(
    draft: &mut Draft<'_>,
    batch: &Batch,
    applied: &Applied,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(BatchKey { name, digest }) = &batch.key else { return Ok(()) };
    let expires_at = now.plus(KEY_LIFETIME);
    let applied = Applied { ids: batch.ids.clone(), ..applied.clone() };
    Ok(draft.put(&KeyRow { name: name.clone(), digest: *digest, expires_at, applied })?)
}

/// Takes expired keys away, some at a time; one that cannot be read goes too.
///
/// # Errors
/// The adapter's failure.
pub fn sweep(draft: &mut Draft<'_>, now: Timestamp) -> Result<(), Fault> {
    let expired = Span { high: Some(micros(now).to_vec()), ..Span::all() };
    for (place, _) in draft.view().places(&KEYS, &BY_EXPIRY, &expired, SWEPT_AT_ONCE)? {
        let name = place.get(8..).unwrap_or_default().to_vec();
        draft.drop_row::<KeyRow>(&name, &[BY_EXPIRY.at(&[&place])])?;
    }
    Ok(())
}

fn name(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}
