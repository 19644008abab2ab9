//! The edge: our own accept loop for TCP and unix sockets alike.
//!
//! `axum::serve` has no header timeout, so hyper is driven here: a time limit on request heads, a
//! limit on connections by address and in all, the peer's identity as a request extension, and a
//! drain. Knows no route.
//!
//! Invariant: a [`Peer`] comes from the kernel (the accepted socket), never from what was sent.

mod arriving;
mod book;
mod connection;
mod drain;
mod hall;
mod listen;
mod patience;
mod peer;
mod places;
mod proxies;
mod shortage;

use std::time::Duration;

pub use drain::Drain;
pub use listen::{Door, serve_tcp, serve_unix};
pub use peer::Peer;
pub use proxies::Proxies;
pub(crate) use proxies::subscriber;
pub use shortage::Shortage;

/// What one listener allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest time a request's head may take; also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// Longest time an answer may wait for its reader to read.
    pub write_timeout: Duration,
    /// Most connections at once. One more takes the place of one that waits, or is refused.
    pub max_connections: usize,
    /// Most connections at once of one address that has proven no login on them.
    pub per_address: usize,
    /// Addresses that carry other people's connections: they have no share of their own.
    pub proxies: Proxies,
    /// Longest time open requests get once the listener is told to stop.
    pub drain: Duration,
    /// What could not be accepted, counted over all listeners that share it.
    pub shortage: Shortage,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            max_connections: 1_024,
            per_address: 256,
            proxies: Proxies::default(),
            drain: Duration::from_secs(30),
            shortage: Shortage::default(),
        }
    }
}
