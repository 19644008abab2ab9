//! The text index: which memories of one owner have a question's words, ranked by BM25.
//!
//! tantivy with English stemming and stop words behind
//! [`TextIndex`](appliance_core::ports::TextIndex). What is put in is searched at once from a tail in
//! memory and committed some hundred at a time, or by `flush`. In memory
//! ([`TextIndex::in_memory`]), or in a folder that a restart goes on from ([`TextIndex::open`]). The
//! folder is derived: one that is damaged, or of another version or history, is emptied and filled
//! again from the records.
//!
//! While the folder cannot be written the tail holds on, so that searches miss nothing; a writer that
//! failed is dropped and made anew, with growing pauses between. A panic of tantivy, or files that are
//! not what was written any more, [ruin] the index: it answers nothing until it was emptied.
//!
//! Rarity of words is counted over all owners of the process; what is found is one owner's only, and
//! narrowed by nothing else. Invariants: `ids` names exactly the texts that are in, committed or
//! waiting; a commit carries the position up to which everything before it is in; equal texts give
//! equal answers, however they came in and whatever was there before.

mod best;
mod fields;
mod files;
mod noted;
mod open;
mod panics;
mod port;
mod room;
mod ruin;
mod score;
mod search;
mod state;
mod statistics;
mod tail;

pub use open::{Ahead, OpenError, Opened};
pub use port::TextIndex;
