//! The words of the durable bus: streams, groups, deliveries. Stores nothing.
//!
//! Invariant: an entry leaves its stream's pending list only by `Write::AckBus`, in the same batch
//! as the state change it caused; until then it is delivered again.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{AgentName, Envelope, IncarnationId, Priority};

/// How long a delivery belongs to its taker before somebody else may have it.
pub const LEASE: Duration = Duration::from_secs(60);

/// How often a taker renews its lease.
pub const RENEW_EVERY: Duration = Duration::from_secs(15);

/// How long an entry whose task waits is put off at a time: so soon it is noticed that the wait was
/// called off.
pub const HOLD: Duration = Duration::from_secs(1);

/// Deliveries after which an entry is given up.
pub const MAX_DELIVERIES: u32 = 5;

/// The consumer group in which agents read their streams.
pub const AGENTS_GROUP: &str = "agents";

/// A stream's name, such as `ai:agent:code` or `ai:agent:code:urgent`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamName(String);

impl StreamName {
    /// Returns the stream that an envelope for `agent` with `priority` goes to.
    #[must_use]
    pub fn of_agent(agent: AgentName, priority: Priority) -> Self {
        if priority.is_urgent() {
            Self(format!("ai:agent:{agent}:urgent"))
        } else {
            Self(format!("ai:agent:{agent}"))
        }
    }

    /// Accepts any name of 1 to 200 bytes without control characters.
    ///
    /// # Errors
    /// A sentence that names the fault.
    pub fn new(name: impl Into<String>) -> Result<Self, String> {
        let name = name.into();
        if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(format!(
                "stream name has {} bytes; it takes 1 to 200 without control characters",
                name.len()
            ));
        }
        Ok(Self(name))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream:{}", self.0)
    }
}

/// One life of one agent: who takes deliveries, and whose leases fall when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Incarnation {
    /// Which agent.
    pub agent: AgentName,
    /// Which life of it.
    pub id: IncarnationId,
}

/// An entry that was handed to an incarnation under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The stream it came from.
    pub stream: StreamName,
    /// Its position there, from 1, without gaps.
    pub seq: u64,
    /// How often it has been handed out, this time included; also the fence of the lease.
    pub deliveries: u32,
    /// What was sent.
    pub envelope: Envelope,
}
