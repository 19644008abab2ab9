//! The store in RAM under the rules of every port it has.

#![allow(clippy::expect_used, reason = "a fixture that cannot start has failed")]

use std::{sync::Arc, time::Duration};

use appliance_core::{
    IdMint, Timestamp,
    ports::{AuditTrail, Conversations, Memories, Records, Streams, Tasks, Users},
    time::ManualClock,
};
use async_trait::async_trait;
use storage_contract::StoreFixture;
use storage_memory::MemoryStore;

storage_contract::records_contract!(Fixture::start());
storage_contract::api_tokens_contract!(Fixture::start());
storage_contract::users_contract!(Fixture::start());
storage_contract::conversations_contract!(Fixture::start());
storage_contract::deeds_contract!(Fixture::start());
storage_contract::tasks_contract!(Fixture::start());
storage_contract::task_ends_contract!(Fixture::start());
storage_contract::memories_contract!(Fixture::start());
storage_contract::memory_repeats_contract!(Fixture::start());
storage_contract::memory_actions_contract!(Fixture::start());
storage_contract::memory_signals_contract!(Fixture::start());
storage_contract::once_contract!(Fixture::start());
storage_contract::purge_contract!(Fixture::start());
storage_contract::trail_contract!(Fixture::start());
storage_contract::streams_contract!(Fixture::start());

/// A store on a clock that moves when told to.
struct Fixture {
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
}

impl Fixture {
    fn start() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        Self { clock, store }
    }
}

#[async_trait]
impl StoreFixture for Fixture {
    fn records(&self) -> Arc<dyn Records> {
        self.store.clone()
    }

    fn users(&self) -> Arc<dyn Users> {
        self.store.clone()
    }

    fn conversations(&self) -> Arc<dyn Conversations> {
        self.store.clone()
    }

    fn tasks(&self) -> Arc<dyn Tasks> {
        self.store.clone()
    }

    fn memories(&self) -> Arc<dyn Memories> {
        self.store.clone()
    }

    fn trail(&self) -> Arc<dyn AuditTrail> {
        self.store.clone()
    }

    fn streams(&self) -> Arc<dyn Streams> {
        self.store.clone()
    }

    fn mint(&self) -> IdMint {
        IdMint::new(self.clock.clone(), self.store.newest_millis())
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn set_wall(&self, to: Timestamp) {
        self.clock.set_millis(to.unix_millis());
    }

    async fn reopen(&mut self) {
        self.store = Arc::new(self.store.restarted().expect("what was written is read"));
    }
}
