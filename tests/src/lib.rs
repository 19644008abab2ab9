//! What the end-to-end tests and the benches stand on: the real binary in a place of its own.
//!
//! [`server::Server`] starts `ai-infra serve` in a [`home::Home`], [`client::Client`] and
//! [`feed::Feed`] talk to it as a program or a browser would, [`program::Program`] runs the command
//! line, [`mock`] stands in for the Messages API. Only tests and benches depend on this crate; it
//! tests nothing itself, and no production path may know it.
//!
//! Invariant: whatever a test does, nothing it started is left behind ([`server::Server`]'s `drop`).

pub mod by_hand;
pub mod client;
pub mod disk;
pub mod feed;
pub mod home;
pub mod mock;
pub mod notify;
pub mod people;
pub mod processes;
pub mod program;
pub mod server;
pub mod skip;
pub mod strace;
pub mod wait;

pub use by_hand::ByHand;
pub use client::Client;
pub use feed::Feed;
pub use home::Home;
pub use mock::{MockMessages, embeddings::MockEmbeddings};
pub use program::Program;
pub use server::{Plan, Server};
