//! How long an agent waits for its model. Waits for nothing itself.

use std::time::Duration;

/// How long a model may be silent before a person is told so.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the supervisor's question who should answer to the end of the reply.
    pub choice: Duration,
    /// From a worker's request to the first word of the reply, and from any sign of it to the next;
    /// a ping is one.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { choice: Duration::from_secs(20), silence: Duration::from_secs(25) }
    }
}
