//! What the checks of health keep between two probes. Asks nothing.

use tokio::{sync::Mutex, time::Instant};
use web_dto::{ModelHealth, Ready};

/// The last answer; one probe at a time makes a new one.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    /// When it was made, and the answer.
    pub(crate) last: Mutex<Option<(Instant, Ready)>>,
    /// What the model's provider said last, and when.
    pub(crate) model: Mutex<Option<(Instant, ModelHealth)>>,
}
