//! How many memories there are: by shelf and agent, of all and of each owner, and by segment of the
//! archive. A counted key of the rows themselves, so that asking reads a few numbers.

use std::collections::BTreeMap;

use appliance_core::UserId;

use super::shelf::Shelf;
use crate::{
    Fault,
    entity::{Key, Keyed, Rule, trailing_seq},
    view::View,
};

/// Place: `0`, shelf, agent, 1 byte each, for all; `1`, owner, 16 bytes, shelf, agent for one owner;
/// `2`, segment, 8 bytes big endian, for a file of the archive.
pub static COUNTS: Key = Key::new("memory_counts.v1", Rule::Counted);

pub(super) const ALL: u8 = 0;
pub(super) const OWNER: u8 = 1;
const SEGMENT: u8 = 2;

/// Returns where a memory on a shelf is counted.
pub(super) fn on(owner: UserId, shelf: Shelf) -> [Keyed; 2] {
    let end = [shelf.code(), shelf.agent()];
    [COUNTS.at(&[&[ALL], &end]), COUNTS.at(&[&[OWNER], &owner.bytes(), &end])]
}

/// Returns where a text in a segment is counted.
pub(super) fn within(segment: u64) -> Keyed {
    COUNTS.at(&[&[SEGMENT], &segment.to_be_bytes()])
}

/// Returns how many memories still have their text in each segment; one that is missing has none.
///
/// # Errors
/// A damaged count, or the adapter's failure.
pub fn live_by_segment(view: &dyn View) -> Result<BTreeMap<u64, u64>, Fault> {
    let counts = view.counts(&COUNTS, &[SEGMENT])?.into_iter();
    counts.map(|(place, count)| Ok((trailing_seq(&place), count?))).collect()
}
