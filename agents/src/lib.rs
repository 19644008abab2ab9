//! The agents, both halves: what the server does for them and what they do themselves.
//!
//! [`desk`] hands out work and takes in results, [`fleet`] keeps the six processes alive in their
//! windows, and [`worker`] is the whole body of one of those processes. The two sides share no
//! memory: they meet over `agent.sock`, in the words of `appliance_core::desk`. Does not speak HTTP
//! on the server's side (web/api does) and talks to no model directly (the gateway does).
//!
//! Invariant: only [`spawn`] starts a process, and always with a cleared environment.

pub mod desk;
pub mod fleet;
pub mod lock;
pub mod spawn;
pub mod worker;

/// What an answer that no model wrote, such as a command's, names as its model. It is not
/// remembered: what `/recall` lists would otherwise be found by the next `/recall`.
pub(crate) const NO_MODEL: &str = "none";
