//! The role of the durable bus: hands entries out under leases. Appending and acknowledging are
//! writes of a batch, so that they commit with the change they belong to.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::{Delivery, Incarnation, StoreError, StreamName, Write, desk::Lease};

/// Further writes that commit together with a delivery, such as the task's move to `in_progress`.
pub type Attach = Box<dyn Fn(&Delivery) -> Vec<Write> + Send + Sync>;

/// A wish for one entry.
#[derive(Debug, Clone)]
pub struct Take {
    /// Who asks; its leases fall when it is released.
    pub taker: Incarnation,
    /// The streams to look into, most wanted first; one take in ten goes the other way round, so
    /// that none starves.
    pub streams: Vec<StreamName>,
    /// The consumer group.
    pub group: String,
    /// How long to wait for an entry when there is none.
    pub wait: Duration,
}

/// A durable bus with consumer groups.
///
/// An entry MUST be handed to one taker at a time, oldest first (redeliveries before new ones),
/// and MUST be handed out again, with its count raised, when its lease runs out, its taker is
/// released, or the server restarts. An entry whose task waits ([`Wait`](crate::Wait)) MUST NOT be
/// handed out before that is over, nor be counted, restart or not. Counts MUST survive kill -9. Leases run on the monotonic
/// clock. Contract: `storage_contract::streams`.
#[async_trait]
pub trait Streams: fmt::Debug + Send + Sync {
    /// Leases the next entry for [`LEASE`](crate::bus::LEASE), or `None` once the wait is over.
    ///
    /// The raised count and `attach`'s writes are on disk before this returns; when those writes
    /// conflict, the delivery is committed without them.
    ///
    /// # Errors
    /// `Unavailable`, `Full`, `Corrupt`.
    async fn take(&self, take: Take, attach: Attach) -> Result<Option<Delivery>, StoreError>;

    /// Extends the lease; `false` when it is no longer held.
    async fn renew(
        &self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        seq: u64,
    ) -> Result<bool, StoreError>;

    /// Tells whether `taker` holds a live lease on the entry.
    fn holds(&self, taker: Incarnation, stream: &StreamName, group: &str, seq: u64) -> bool;

    /// Drops the lease on one entry, so that it is handed out again after `delay`.
    async fn give_back(
        &self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        seq: u64,
        delay: Duration,
    ) -> Result<(), StoreError>;

    /// Drops all leases of a taker that died.
    async fn release(&self, taker: Incarnation) -> Result<(), StoreError>;

    /// Drops all that a taker has in a group but the deliveries it names as held: the rest are of
    /// replies that never reached it. Naming what it does not hold changes nothing.
    async fn release_others(
        &self,
        taker: Incarnation,
        group: &str,
        held: &[Lease],
    ) -> Result<(), StoreError>;

    /// Returns how many entries wait or are leased: name and count, every stream once used.
    async fn depths(&self, group: &str) -> Result<Vec<(StreamName, u64)>, StoreError>;
}
