//! The server's clock as people see it.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/clock` and `POST /api/clock/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockView {
    /// What the wall clock says.
    pub now: String,
    /// The moment up to which time counts as passed, for logins and for what is deleted by age.
    pub lived: String,
    /// Seconds that the wall clock is ahead of it.
    pub ahead_seconds: u64,
    /// Seconds that it is behind it, having been set back.
    #[serde(default)]
    pub behind_seconds: u64,
}
