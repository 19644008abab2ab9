//! The durable bus: streams that are appended to in batches and handed out under leases.
//!
//! [`tables`] is what is stored: entries, cursors, and what was handed out and not yet acknowledged,
//! with its count. [`lines`] is the same in memory plus the leases, which live only there: after a
//! restart everything pending is handed out again. [`sweep`] is what may leave, `behind` which stream
//! lies behind its entries. Waits for nothing: an
//! adapter's port does.
//!
//! Invariant: the memory side changes only after the commit it mirrors.

pub(crate) mod behind;
pub mod lines;
pub mod sweep;
pub mod tables;

use appliance_core::StreamName;

/// Something a committed batch did to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// An entry was appended.
    Appended {
        /// The stream.
        stream: StreamName,
        /// The entry.
        seq: u64,
    },
    /// An entry was handed out for the n-th time.
    Delivered {
        /// The entry, in its group.
        at: Spot,
        /// n.
        deliveries: u32,
    },
    /// An entry was acknowledged.
    Acked {
        /// The entry, in its group.
        at: Spot,
    },
}

/// One entry in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The stream.
    pub stream: StreamName,
    /// The consumer group.
    pub group: String,
    /// The entry.
    pub seq: u64,
}
