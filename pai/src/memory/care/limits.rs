//! How much memory there may be and how long it may be unused. Enforced by the keeper and by care.
//!
//! The numbers are the plan's retention rules; the operator may set others.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the tiers hold, for how long, and what a person may move in an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long a memory stays hot.
    pub hot_age: Duration,
    /// Most hot memories an agent; people's own count as one agent's.
    pub hot_per_agent: usize,
    /// How long a memory stays warm.
    pub warm_age: Duration,
    /// Most warm memories of all owners.
    pub warm_count: u64,
    /// How long a memory stays in the archive.
    pub cold_age: Duration,
    /// Most bytes of the archive's files.
    pub cold_bytes: u64,
    /// How long what was forgotten can be brought back.
    pub forgotten_age: Duration,
    /// From the start to the first run of the maintenance: the house is busy enough until then.
    pub maintenance_after: Duration,
    /// Time between two runs of the maintenance.
    pub maintenance_every: Duration,
    /// By how much one owner's signals move memories within an hour, in ten-thousandths.
    pub moved_an_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hot_age: DAY,
            hot_per_agent: 1_000,
            warm_age: 30 * DAY,
            warm_count: 50_000,
            cold_age: 365 * DAY,
            cold_bytes: 100_000_000_000,
            forgotten_age: 30 * DAY,
            maintenance_after: Duration::from_secs(10),
            maintenance_every: Duration::from_secs(60 * 60),
            moved_an_hour: 3_000,
        }
    }
}
