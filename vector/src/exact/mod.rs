//! The exact index: every vector of one owner is compared, so nothing that matches is ever missed.
//!
//! The reference that every other index is held to, and fast enough for what one person says:
//! `tests/exact_index.rs` prints the time for 10,000 rows. Does not persist.

mod port;
mod rows;

pub use port::ExactIndex;
