//! The records in RAM: the same rules as the embedded store over plain maps, for tests and for what
//! need not outlive its process.
//!
//! [`MemoryStore`] answers every query port and applies batches; `tables` is all that it has of its
//! own. Keeps nothing across a restart of the process, and moves no memory to an archive.
//!
//! Invariant: a batch is applied under one lock, whole or not at all.

mod change;
mod ports;
mod store;
mod streams;
mod tables;

pub use store::MemoryStore;
