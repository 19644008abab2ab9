//! Memories: the texts that every index is derived from, how each stands, and what changed last.
//!
//! A text and where it came from (`row`) never change; how it stands ([`stand`]) does, in a row
//! of its own. `ledger` is the one way to change either: it gives the memory a new position of the
//! change log, and its declared keys move it to its shelf and in the counts. [`put`] remembers,
//! [`forms`] tells repeats, `past` what held once, `deeds` and [`signals`] are what people do, `places` serves the
//! tiers. Decides nothing about tiers.
//!
//! Invariant: every memory has one row in each of [`MEMORIES`] and [`STANDING`]; one that was purged
//! has one in [`gone::GONE`]; only what is cold is archived.

pub mod actions;
pub mod counts;
mod deeds;
pub mod forms;
pub mod frozen;
mod full;
pub mod gone;
mod ledger;
mod past;
mod places;
mod put;
pub mod read;
mod row;
mod sameness;
mod shelf;
pub mod signals;
pub mod stand;

pub use counts::live_by_segment;
pub use deeds::{act, check_shown, undo};
pub use full::counts;
pub use gone::Gone;
pub use ledger::{adopt, look};
pub use places::{forgotten_before, in_segment, purge, relocate, residents, settle};
pub use put::{Put, put};
pub use read::{Texts, find};
pub use row::{Body, Entry, Head, MemoryRow, Spot};
pub use signals::{check_share, put as put_signal, touch};
pub use stand::Stand;

use crate::entity::{IdShape, Key, Kind, Rule};

/// Id: memory sequence, 8 bytes big endian.
pub static MEMORIES: Kind = Kind {
    name: "memories.v1",
    id: IdShape::Number,
    keys: &[&BY_ID, &BY_OWNER, &BY_THREAD, &BY_FORM, &BY_SEGMENT, &counts::COUNTS],
};

/// Place: memory id, 16 bytes.
pub static BY_ID: Key = Key::new("memories_by_id.v1", Rule::Unique);

/// Place: owner, 16 bytes; memory sequence, 8 bytes big endian.
pub static BY_OWNER: Key = Key::new("memories_by_owner.v1", Rule::Ordered);

/// Place: conversation id, 16 bytes; memory sequence, 8 bytes big endian; only of what was said in one
/// or drawn from it.
pub static BY_THREAD: Key = Key::new("memories_by_conversation.v1", Rule::Ordered);

/// Place: owner, 16 bytes; beginning of the form's digest, 8 bytes; memory sequence, 8 bytes big endian;
/// of whatever says it, whether or not it holds.
pub static BY_FORM: Key = Key::new("memories_by_form_said.v1", Rule::Ordered);

/// Place: archive segment, 8 bytes big endian; memory sequence, 8 bytes big endian; only of what is
/// archived.
pub static BY_SEGMENT: Key = Key::new("memories_by_segment.v2", Rule::Ordered);

/// Id: memory id.
pub static STANDING: Kind = Kind {
    name: "memory_standing.v1",
    id: IdShape::Uuid,
    keys: &[&BY_POSITION, &BY_SHELF, &counts::COUNTS],
};

/// Place: position in the change log, 8 bytes big endian.
pub static BY_POSITION: Key = Key::new("memory_changes.v2", Rule::Unique);

/// Place: shelf, 1 byte; memory sequence, 8 bytes big endian.
pub static BY_SHELF: Key = Key::new("memories_by_shelf.v1", Rule::Ordered);

/// Most memories that one write may name, so that a batch stays short.
const MOST_AT_ONCE: usize = 10_000;
