//! The embedded store: records, bus and live feed inside the appliance, over one redb file.
//!
//! Step 2 of the walkthrough. [`DataDir`] claims the directory, [`Store`] answers every query port
//! and applies batches, [`LiveHub`] tells whoever watches. Does *not* decide what to write (callers
//! build batches) and opens no socket.
//!
//! Invariant: only `engine` writes to the file, and only as whole batches.
//!
//! What a batch changes and what a question is answered with is said in `storage-rules`; here are
//! its rows in redb (`layout`, `draft`, `snapshot`), and the archive.

mod bus;
mod caught;
mod cold;
mod compare;
mod data_dir;
mod database;
mod draft;
mod engine;
mod fault;
mod fill;
mod handle;
mod history;
mod hot;
mod keep;
mod kept;
mod layout;
mod live;
mod making;
mod medium;
mod memories;
mod open_error;
mod pages;
mod place;
mod refill;
mod reserve;
mod shared;
mod signs;
mod snapshot;
mod steps;
mod store;
mod tiers;
mod trial;
mod upgrade;
mod upkeep;

pub use cold::{ColdFile, Rehearsal};
pub use data_dir::DataDir;
pub use hot::MemoryHotTier;
pub use kept::kept_copies;
pub use live::LiveHub;
pub use open_error::OpenError;
pub use shared::OnEnd;
#[cfg(debug_assertions)]
pub use steps::watch_steps;
pub use store::Store;
