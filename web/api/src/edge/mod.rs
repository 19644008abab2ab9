//! The edge: our own accept loop for TCP and unix sockets alike.
//!
//! `axum::serve` has no header timeout, so hyper is driven here: a time limit on request heads, a
//! limit on connections, the peer's identity as a request extension, and a drain. Knows no route.
//!
//! Invariant: a [`Peer`] comes from the kernel (the accepted socket), never from what was sent.

mod connection;
mod drain;
mod listen;
mod patience;
mod peer;

use std::time::Duration;

pub use drain::Drain;
pub use listen::{Door, serve_tcp, serve_unix};
pub use peer::Peer;

/// What one listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time a request's head may take; also how long an idle connection is kept.
    pub header_timeout: Duration,
    /// Longest time an answer may wait for its reader to read.
    pub write_timeout: Duration,
    /// Most connections at once; more wait in the kernel's backlog.
    pub max_connections: usize,
    /// Longest time open requests get once the listener is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            max_connections: 1_024,
            drain: Duration::from_secs(30),
        }
    }
}
