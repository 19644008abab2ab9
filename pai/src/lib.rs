//! The personal part of the appliance: what it remembers and how it finds it again.
//!
//! Step 6 of a message's walk. Policy only: which memory is worth showing first and why. Does not
//! store (the records do), embed or scan (`vector` does), and talks to nobody.

pub mod learning;
pub mod memory;
pub mod ratings;
