//! The manifest: which segments count, which of them hold copies that nothing points to, and which
//! store wrote them.
//!
//! How many memories live in a segment is counted by [`crate::records::memories`]. Touches no file.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use appliance_core::{HistoryId, MemoryId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    cold::{Identity, Written},
    draft::Draft,
    fault::Fault,
    records::{codes::UnknownCode, memories},
    rows::{Record, Rows, trailing_seq},
    snapshot::Snapshot,
};

/// Key: segment, 8 bytes big endian. Value: [`SegmentV1`].
pub(crate) const SEGMENTS: Rows<Segment> = Rows::new("archive_segments.v1");

/// Key: segment, 8 bytes big endian. Value: the memories that have a copy in it which nothing points
/// to: they were restored, or did not move after all.
pub(crate) const STRAYS: Rows<Strays> = Rows::new("archive_strays.v1");

/// Key: `identity`. Value: 16 random bytes, the id of this store's history: made with the file, in the
/// head of every segment this store writes and in whatever else is derived from it.
pub(crate) const IDENTITY: Rows<[u8; 16]> = Rows::new("archive_identity.v1");

const ROW: &[u8] = b"identity";

/// A segment that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// When its memories were archived: all at once, and so also when they are older than a limit.
    pub since: Timestamp,
    /// How many records it was written with.
    pub records: u64,
    /// The length of its file.
    pub bytes: u64,
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    /// Whether it holds what was purged, and must be written anew.
    pub due: bool,
}

/// Memories with a copy that nothing points to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Strays(BTreeSet<[u8; 16]>);

impl Segment {
    /// Makes the row of a segment whose memories were archived at `since`.
    pub const fn of(written: &Written, since: Timestamp) -> Self {
        let Written { records, bytes, sha256, .. } = *written;
        Self { since, records, bytes, sha256, due: false }
    }
}

/// Returns all segments that count.
pub(crate) fn all(file: &Snapshot) -> Result<BTreeMap<u64, Segment>, Fault> {
    let mut found = BTreeMap::new();
    file.each(&SEGMENTS, |at, segment| {
        found.insert(trailing_seq(at), segment);
        Ok(())
    })?;
    Ok(found)
}

/// Returns the segments that count and in which something lives: the others' files may go.
pub(crate) fn living(file: &Snapshot) -> Result<BTreeMap<u64, Segment>, Fault> {
    let (mut segments, live) = (all(file)?, memories::live_by_segment(file)?);
    segments.retain(|number, _| live.contains_key(number));
    Ok(segments)
}

/// Returns the segments that hold a stray copy of any of `ids`.
pub(crate) fn with_strays_of(
    file: &Snapshot,
    ids: &BTreeSet<MemoryId>,
) -> Result<BTreeSet<u64>, Fault> {
    let mut found = BTreeSet::new();
    file.each(&STRAYS, |at, strays| {
        if strays.0.iter().any(|id| ids.contains(&MemoryId::from_bytes(*id))) {
            found.insert(trailing_seq(at));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Returns this store's identity, if it has one by now.
pub(crate) fn identity(file: &Snapshot) -> Result<Option<Identity>, Fault> {
    file.get(&IDENTITY, ROW)
}

/// Returns the same identity as the id of the file's history; its absence is damage.
pub(crate) fn history(file: &Snapshot) -> Result<HistoryId, Fault> {
    let identity = identity(file)?.ok_or_else(|| IDENTITY.dangling(ROW))?;
    Ok(HistoryId::from_bytes(identity))
}

/// Gives this store an identity, unless it has one.
pub(crate) fn make_identity(draft: &mut Draft<'_, '_>) -> Result<Identity, Fault> {
    if let Some(identity) = draft.get(&IDENTITY, ROW)? {
        return Ok(identity);
    }
    let mut identity = Identity::default();
    for half in identity.chunks_exact_mut(8) {
        // Keyed at random by the standard library: unlike any other's, and no secret.
        half.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    draft.put(&IDENTITY, ROW, &identity)?;
    Ok(identity)
}

/// Names a segment.
pub(crate) fn put(draft: &mut Draft<'_, '_>, number: u64, segment: &Segment) -> Result<(), Fault> {
    draft.put(&SEGMENTS, &number.to_be_bytes(), segment)
}

/// Names a segment no longer.
pub(crate) fn delete(draft: &mut Draft<'_, '_>, number: u64) {
    draft.delete(&SEGMENTS, &number.to_be_bytes());
    draft.delete(&STRAYS, &number.to_be_bytes());
}

/// Notes that a segment holds a copy of `id` that nothing points to.
pub(crate) fn stray(draft: &mut Draft<'_, '_>, number: u64, id: MemoryId) -> Result<(), Fault> {
    let key = number.to_be_bytes();
    let mut strays = draft.get(&STRAYS, &key)?.unwrap_or_default();
    strays.0.insert(id.bytes());
    draft.put(&STRAYS, &key, &strays)
}

/// Notes that a segment must be written anew.
pub(crate) fn due(draft: &mut Draft<'_, '_>, number: u64) -> Result<(), Fault> {
    let Some(segment) = draft.get(&SEGMENTS, &number.to_be_bytes())? else { return Ok(()) };
    put(draft, number, &Segment { due: true, ..segment })
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub(crate) struct SegmentV1 {
    since: i64,
    records: u64,
    bytes: u64,
    sha256: [u8; 32],
    due: bool,
}

impl Record for Segment {
    type Frozen = SegmentV1;

    fn freeze(&self) -> SegmentV1 {
        let Self { since, records, bytes, sha256, due } = *self;
        SegmentV1 { since: since.unix_micros(), records, bytes, sha256, due }
    }

    fn thaw(frozen: SegmentV1) -> Result<Self, UnknownCode> {
        let SegmentV1 { since, records, bytes, sha256, due } = frozen;
        Ok(Self { since: Timestamp::from_unix_micros(since), records, bytes, sha256, due })
    }
}

impl Record for Strays {
    type Frozen = BTreeSet<[u8; 16]>;

    fn freeze(&self) -> BTreeSet<[u8; 16]> {
        self.0.clone()
    }

    fn thaw(frozen: BTreeSet<[u8; 16]>) -> Result<Self, UnknownCode> {
        Ok(Self(frozen))
    }
}
