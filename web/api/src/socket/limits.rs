//! The limits that WebSockets and lines of long polls share. Enforces none.

use std::time::Duration;

/// Frames waiting for one client.
pub(super) const QUEUE: usize = 256;

/// Longest silence of a client, pongs included.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
