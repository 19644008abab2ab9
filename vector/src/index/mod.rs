//! The warm index: a graph over 8-bit codes, exact scores, filters by list, changes at any time.
//!
//! [`SegmentIndex`] implements the port. A new vector goes into a fresh segment and is found at
//! once; in the background, segments are merged and large ones get a graph; what is deleted is
//! skipped at once and left behind by the next merge. Derived: the records are the truth, and
//! what it saves only spares a restart the building.
//!
//! How a search goes: `state` asks every segment for its nearest rows by 8-bit codes, `search`
//! decides whether to scan a list (a long one first by its `signs`) or to walk the `graph`, and the
//! few best are compared exactly.
//! Does not embed and does not rank by anything but the cosine.

mod bits;
mod card;
mod chunk;
mod code;
mod dump;
mod folder;
mod graph;
mod lists;
mod mapped;
mod merge;
mod names;
mod open;
mod pages;
mod plain;
mod port;
mod rows;
mod search;
mod segment;
mod signs;
mod simd;
mod state;
mod table;
mod top;
mod wanted;

pub use dump::DumpError;
pub use open::{Ahead, Opened};
pub use port::{Options, SegmentIndex};
