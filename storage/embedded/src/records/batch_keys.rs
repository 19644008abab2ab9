//! What was applied under a key, so that a repeat within 24 hours changes nothing.

use appliance_core::{
    Applied, Batch, BatchKey, Conflict, MemoryId, Timestamp, batch::KEY_LIFETIME,
};
use redb::ReadableTable as _;
use serde::{Deserialize, Serialize};

use crate::{
    codec::{self, Place},
    draft::{Draft, Tables},
    fault::Fault,
    records::{Refusal, codes::UnknownCode, conflict, invalid},
    rows::{Record, Rows, key},
};

/// Key: the batch key's name. Value: [`KeyV2`], or [`KeyV1`] where an earlier version
/// wrote it.
pub(crate) const KEYS: Rows<KeyRow> = Rows::new("batch_keys.v1");

/// Key: expiry, 8 bytes big endian microseconds; then the name. Value: nothing.
pub(crate) const BY_EXPIRY: Rows<()> = Rows::new("batch_keys_by_expiry.v1");

/// Most bytes a key's name may have.
const MAX_NAME_BYTES: usize = 200;

/// Expired keys taken away in one step, so that a step stays short.
const SWEPT_AT_ONCE: usize = 64;

/// The first result under a key.
#[derive(Debug)]
pub(crate) struct KeyRow {
    digest: [u8; 32],
    expires_at: Timestamp,
    applied: Applied,
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyV1 {
    digest: [u8; 32],
    expires_at: i64,
    commit: u64,
    sequences: Vec<Option<u64>>,
    ids: Vec<[u8; 16]>,
}

/// The frozen form, version 2: which memories hold the batch's texts.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyV2 {
    before: KeyV1,
    memories: Vec<[u8; 16]>,
}

impl Record for KeyRow {
    type Frozen = KeyV2;
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

    fn thaw(frozen: KeyV2) -> Result<Self, UnknownCode> {
        let KeyV1 { digest, expires_at, commit, sequences, ids } = frozen.before;
        let memories = frozen.memories.into_iter().map(MemoryId::from_bytes).collect();
        let applied = Applied { commit, sequences, memories, repeated: true, ids };
        Ok(Self { digest, expires_at: Timestamp::from_unix_micros(expires_at), applied })
    }

    fn thaw_older(place: Place<'_>, sealed: &[u8]) -> Option<Result<Self, Fault>> {
        let read = || {
            let before = codec::open::<KeyV1>(place, 1, sealed)?;
            Ok(Self::thaw(KeyV2 { before, memories: Vec::new() })?)
        };
        (sealed.first() == Some(&1)).then(read)
    }
}

/// Returns the first result under the key if there is one; refuses another digest.
pub(crate) fn recall(
    draft: &mut Draft<'_, '_>,
    asked: &BatchKey,
    now: Timestamp,
) -> Result<Option<Applied>, Refusal> {
    if asked.name.is_empty() || asked.name.len() > MAX_NAME_BYTES {
        let bytes = asked.name.len();
        return Err(invalid(format!("batch key has {bytes} bytes, 1 to {MAX_NAME_BYTES} fit")));
    }
    let Some(row) = draft.get(&KEYS, asked.name.as_bytes())? else { return Ok(None) };
    if row.expires_at <= now {
        draft.delete(&BY_EXPIRY, &place(row.expires_at, &asked.name));
        return Ok(None);
    }
    if row.digest != asked.digest {
        return Err(conflict(Conflict::KeyReused));
    }
    Ok(Some(row.applied))
}

/// Keeps the result of `batch` under its key.
pub(crate) fn keep(
    draft: &mut Draft<'_, '_>,
    batch: &Batch,
    applied: &Applied,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(BatchKey { name, digest }) = &batch.key else { return Ok(()) };
    let expires_at = now.plus(KEY_LIFETIME);
    let applied = Applied { ids: batch.ids.clone(), ..applied.clone() };
    draft.put(&BY_EXPIRY, &place(expires_at, name), &())?;
    Ok(draft.put(&KEYS, name.as_bytes(), &KeyRow { digest: *digest, expires_at, applied })?)
}

/// Takes expired keys away, some at a time.
pub(crate) fn sweep(tables: &mut Tables<'_>, now: Timestamp) -> Result<(), Fault> {
    let end = micros(now);
    let mut expired = Vec::new();
    for row in tables.table(BY_EXPIRY.name)?.range::<&[u8]>(..end.as_slice())?.take(SWEPT_AT_ONCE) {
        expired.push(row?.0.value().to_vec());
    }
    for at in &expired {
        tables.table(BY_EXPIRY.name)?.remove(at.as_slice())?;
        tables.table(KEYS.name)?.remove(&at[8..])?;
    }
    Ok(())
}

fn place(expires_at: Timestamp, name: &str) -> Vec<u8> {
    key(&[&micros(expires_at), name.as_bytes()])
}

fn micros(moment: Timestamp) -> [u8; 8] {
    u64::try_from(moment.unix_micros()).unwrap_or(0).to_be_bytes()
}
