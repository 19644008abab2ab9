//! The embedded store: records, bus and live feed inside the appliance, over one redb file.
//!
//! Step 2 of the walkthrough. [`DataDir`] claims the directory, [`Store`] answers every query port
//! and applies batches, [`LiveHub`] tells whoever watches. Does *not* decide what to write (callers
//! build batches) and opens no socket.
//!
//! Invariant: only `engine` writes to the file, and only as whole batches.
//!
//! To add a record family: one file under `records/` with its key layout, its frozen `..V1` struct,
//! its writes on a `draft::Draft` and its reads on a `snapshot::Snapshot`; then its arm in
//! `engine/writes.rs` and its rules in `storage-contract`.

mod bus;
mod codec;
mod cold;
mod data_dir;
mod database;
mod draft;
mod engine;
mod fault;
mod hot;
mod live;
mod open_error;
mod records;
mod rows;
mod snapshot;
mod steps;
mod store;
mod tiers;
mod trial;

pub use cold::{ColdFile, Rehearsal};
pub use data_dir::DataDir;
pub use hot::MemoryHotTier;
pub use live::LiveHub;
pub use open_error::OpenError;
#[cfg(debug_assertions)]
pub use steps::watch_steps;
pub use store::Store;
