//! The archive: texts of cold memories in immutable, compressed files under `<data>/cold`.
//!
//! One file is a segment ([`layout`]): a dictionary trained on its own records, blocks of records
//! ([`pack`]), an index and an end mark. [`write`](mod@write) makes one whole and durable before
//! anything counts on it, [`segment`] reads it, [`Archive`] keeps the folder. Does *not* know which
//! memories are archived: `state.redb` says so, through [`crate::tiers`].
//!
//! Invariant: a file that has its final name is complete and never changes; it is only deleted when
//! no record points into it any more.

mod archive;
mod fault;
mod file;
mod layout;
mod name;
mod pack;
mod record;
mod segment;
mod write;

pub(crate) use archive::{Archive, Settled};
pub(crate) use fault::ColdFault;
pub use file::{ColdFile, Rehearsal};
pub(crate) use name::{FOLDER, place};
pub(crate) use record::{ColdRecord, Embedder};
pub(crate) use write::Written;
