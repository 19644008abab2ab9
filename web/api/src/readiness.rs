//! What the readiness check keeps between two probes. Asks nothing.

use tokio::{sync::Mutex, time::Instant};
use web_dto::Ready;

/// The last answer; one probe at a time makes a new one.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// When it was made, and the answer.
    pub(crate) last: Mutex<Option<(Instant, Ready)>>,
}
