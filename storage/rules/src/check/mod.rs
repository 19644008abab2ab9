//! Comparing at the start: whether rows, their declared keys, counts and the change log agree.
//!
//! [`compare`] reads one view and writes nothing; [`mend`] looks again at each difference and puts
//! right what follows from rows that are whole. A row that cannot be read is named and left. A memory
//! that the change log had lost gets a new place in it, so that every index reads it again.

mod compare;
mod findings;
mod keys;
mod mend;
mod rows;

pub use compare::compare;
pub use findings::Findings;
pub use keys::tell_all_again;
pub(crate) use mend::recount;
pub use mend::{hold_forms, mend};
