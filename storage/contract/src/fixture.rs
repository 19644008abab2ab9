//! One implementation under test, and the ways to make time pass and the server start again.

use std::{sync::Arc, time::Duration};

use appliance_core::{
    Batch, IdMint, Timestamp, Write,
    ports::{AuditTrail, Conversations, Live, Memories, Records, Streams, Tasks, Users},
};
use async_trait::async_trait;

use crate::Checked;

/// A store under test: empty at first, all ports over the same records.
#[async_trait]
pub trait StoreFixture: Send + Sync {
    /// Returns the port that changes records.
    fn records(&self) -> Arc<dyn Records>;

    /// Returns the port that finds people.
    fn users(&self) -> Arc<dyn Users>;

    /// Returns the port that reads threads.
    fn conversations(&self) -> Arc<dyn Conversations>;

    /// Returns the port that reads tasks.
    fn tasks(&self) -> Arc<dyn Tasks>;

    /// Returns the port that reads memories.
    fn memories(&self) -> Arc<dyn Memories>;

    /// Returns the port that reads the audit trail.
    fn trail(&self) -> Arc<dyn AuditTrail>;

    /// Returns the durable bus.
    fn streams(&self) -> Arc<dyn Streams>;

    /// Returns a mint on the fixture's clock.
    fn mint(&self) -> IdMint;

    /// Lets `span` pass on both clocks: an embedded store moves a fake clock, a server really waits.
    async fn pass(&self, span: Duration);

    /// Sets the wall clock alone, forwards or back.
    fn set_wall(&self, to: Timestamp);

    /// Ends the server and starts it again on the same data; leases and feeds are gone after it.
    async fn reopen(&mut self);

    /// Applies `writes` as one batch.
    async fn write(&self, writes: Vec<Write>) -> Checked {
        self.records().apply(Batch { writes, ..Batch::new() }).await.map(drop)
    }

    /// Returns the wall clock's moment.
    fn now(&self) -> Timestamp {
        self.mint().clock().now()
    }
}

/// A live feed under test.
pub trait LiveFixture: Send + Sync {
    /// Returns the feed.
    fn live(&self) -> Arc<dyn Live>;
}
