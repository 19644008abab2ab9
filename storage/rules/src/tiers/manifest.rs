//! The manifest: which segments count, which of them hold copies that nothing points to, and which
//! store wrote them.
//!
//! How many memories live in a segment is counted by [`crate::memories`]. Touches no file.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, Hasher as _, RandomState},
};

use appliance_core::{HistoryId, MemoryId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Draft, Entity, Fault,
    codes::UnknownCode,
    entity::{IdShape, Kind, trailing_seq},
    memories,
    view::{Read as _, Span, View, dangling},
    walk::{self, Met},
};

/// Id: segment, 8 bytes big endian.
pub static SEGMENTS: Kind = Kind { name: "archive_segments.v1", id: IdShape::Number, keys: &[] };

/// Id: segment, 8 bytes big endian. Holds the memories that have a copy in it which nothing points
/// to: they were restored, or did not move after all.
pub static STRAYS: Kind = Kind { name: "archive_strays.v1", id: IdShape::Number, keys: &[] };

/// Id: `identity`. Holds 16 random bytes, the id of this store's history: made with the file, in the
/// head of every segment this store writes and in whatever else is derived from it.
pub static IDENTITY: Kind = Kind { name: "archive_identity.v1", id: IdShape::Bytes, keys: &[] };

const ROW: &[u8] = b"identity";

/// What tells the segments of one store from another's.
pub type Identity = [u8; 16];

/// A segment that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
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

/// Memories with a copy in a segment that nothing points to.
#[derive(Debug)]
struct Strays {
    segment: u64,
    ids: BTreeSet<[u8; 16]>,
}

/// The store's identity as a row.
#[derive(Debug)]
struct Named(Identity);

/// Returns all segments that count.
pub fn all(view: &dyn View) -> Result<BTreeMap<u64, Segment>, Fault> {
    let all = view.walk::<Segment>(Span::all());
    all.map(|met| met?.row.map(|segment| (segment.number, segment))).collect()
}

/// Returns the segments that count and in which something lives: the others' files may go.
pub fn living(view: &dyn View) -> Result<BTreeMap<u64, Segment>, Fault> {
    let (mut segments, live) = (all(view)?, memories::live_by_segment(view)?);
    segments.retain(|number, _| live.contains_key(number));
    Ok(segments)
}

/// As [`living`], without those that cannot be read, which are named: for whoever only counts them.
/// All live where that cannot be read.
pub fn living_readable(view: &dyn View) -> Result<Vec<Segment>, Fault> {
    let live = view.readable(memories::live_by_segment(view), None)?;
    let segments = walk::readable(view.walk::<Segment>(Span::all()).sparing());
    let lives =
        |segment: &Segment| live.as_ref().is_none_or(|live| live.contains_key(&segment.number));
    segments.filter(|met| met.as_ref().map_or(true, lives)).collect()
}

/// Returns the segments that hold a stray copy of any of `ids`.
pub fn with_strays_of(view: &dyn View, ids: &BTreeSet<MemoryId>) -> Result<BTreeSet<u64>, Fault> {
    let mut found = BTreeSet::new();
    for met in view.walk::<Strays>(Span::all()) {
        let Met { place, row } = met?;
        // Whose they are cannot be told where that one row cannot be read.
        let Some(strays) = view.noted(row)? else {
            found.insert(trailing_seq(&place));
            continue;
        };
        if strays.ids.iter().any(|id| ids.contains(&MemoryId::from_bytes(*id))) {
            found.insert(strays.segment);
        }
    }
    Ok(found)
}

/// Returns this store's identity, if it has one by now.
pub fn identity(view: &dyn View) -> Result<Option<Identity>, Fault> {
    Ok(view.row::<Named>(ROW)?.map(|named| named.0))
}

/// Returns the same identity as the id of the file's history; its absence is damage.
pub fn history(view: &dyn View) -> Result<HistoryId, Fault> {
    let identity = identity(view)?.ok_or_else(|| dangling(IDENTITY.name, ROW))?;
    Ok(HistoryId::from_bytes(identity))
}

/// Gives this store an identity, unless it has one.
pub fn make_identity(draft: &mut Draft<'_>) -> Result<Identity, Fault> {
    if let Some(Named(identity)) = draft.get(ROW)? {
        return Ok(identity);
    }
    let mut identity = Identity::default();
    for half in identity.chunks_exact_mut(8) {
        // Keyed at random by the standard library: unlike any other's, and no secret.
        half.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    draft.replace(None, &Named(identity))?;
    Ok(identity)
}

/// Names a segment.
pub fn put(draft: &mut Draft<'_>, segment: &Segment) -> Result<(), Fault> {
    draft.replace(None, segment)
}

/// Names a segment no longer.
pub fn delete(draft: &mut Draft<'_>, number: u64) -> Result<(), Fault> {
    draft.drop_row::<Segment>(&number.to_be_bytes(), &[])?;
    draft.drop_row::<Strays>(&number.to_be_bytes(), &[])
}

/// Notes that a segment holds a copy of `id` that nothing points to.
pub fn stray(draft: &mut Draft<'_>, number: u64, id: MemoryId) -> Result<(), Fault> {
    let strays = draft.get::<Strays>(&number.to_be_bytes())?;
    let mut ids = strays.map(|strays| strays.ids).unwrap_or_default();
    ids.insert(id.bytes());
    draft.replace(None, &Strays { segment: number, ids })
}

/// Notes that a segment must be written anew.
pub fn due(draft: &mut Draft<'_>, number: u64) -> Result<(), Fault> {
    let found = draft.view().noted(draft.get::<Segment>(&number.to_be_bytes()))?;
    let Some(segment) = found.flatten() else { return Ok(()) };
    put(draft, &Segment { due: true, ..segment })
}

/// The frozen form, version 1.
#[derive(Serialize, Deserialize)]
pub struct SegmentV1 {
    since: i64,
    records: u64,
    bytes: u64,
    sha256: [u8; 32],
    due: bool,
}

impl Entity for Segment {
    type Frozen = SegmentV1;
    const KIND: &'static Kind = &SEGMENTS;

    fn freeze(&self) -> SegmentV1 {
        let Self { since, records, bytes, sha256, due, .. } = *self;
        SegmentV1 { since: since.unix_micros(), records, bytes, sha256, due }
    }

    fn thaw(id: &[u8], frozen: SegmentV1) -> Result<Self, UnknownCode> {
        let SegmentV1 { since, records, bytes, sha256, due } = frozen;
        let since = Timestamp::from_unix_micros(since);
        Ok(Self { number: trailing_seq(id), since, records, bytes, sha256, due })
    }

    fn id(&self) -> Vec<u8> {
        self.number.to_be_bytes().to_vec()
    }
}

impl Entity for Strays {
    type Frozen = BTreeSet<[u8; 16]>;
    const KIND: &'static Kind = &STRAYS;

    fn freeze(&self) -> BTreeSet<[u8; 16]> {
        self.ids.clone()
    }

    fn thaw(id: &[u8], ids: BTreeSet<[u8; 16]>) -> Result<Self, UnknownCode> {
        Ok(Self { segment: trailing_seq(id), ids })
    }

    fn id(&self) -> Vec<u8> {
        self.segment.to_be_bytes().to_vec()
    }
}

impl Entity for Named {
    type Frozen = Identity;
    const KIND: &'static Kind = &IDENTITY;

    fn freeze(&self) -> Identity {
        self.0
    }

    fn thaw(_id: &[u8], identity: Identity) -> Result<Self, UnknownCode> {
        Ok(Self(identity))
    }

    fn id(&self) -> Vec<u8> {
        ROW.to_vec()
    }
}
