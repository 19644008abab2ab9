//! The embedded store against the contract: one line a port. Holds no rule of its own.

#![allow(clippy::expect_used, reason = "a test that cannot start has failed")]

use std::{sync::Arc, time::Duration};

use appliance_core::{
    IdMint, Timestamp,
    ports::{
        AuditTrail, Conversations, HotTier, Live, Memories, MemoryTiers, Records, Streams, Tasks,
        Users,
    },
    time::ManualClock,
};
use async_trait::async_trait;
use storage_contract::{LiveFixture, StoreFixture, hot::HotFixture, tiers::TiersFixture};
use storage_embedded::{DataDir, LiveHub, MemoryHotTier, Store};
use tempfile::TempDir;

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
storage_contract::tiers_contract!(Fixture::start());
storage_contract::hot_contract!(InMemory);
storage_contract::live_contract!(Feed(Arc::new(LiveHub::new(7))));

/// A store in a directory of its own, on a clock that moves when told to.
struct Fixture {
    folder: TempDir,
    clock: Arc<ManualClock>,
    store: Option<Store>,
    mint: IdMint,
}

impl Fixture {
    fn start() -> Self {
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let folder = TempDir::new().expect("a temporary directory");
        let mint = IdMint::new(clock.clone(), 0);
        let mut fixture = Self { folder, clock, store: None, mint };
        fixture.open();
        fixture
    }

    fn open(&mut self) {
        let dir = DataDir::open(self.folder.path()).expect("the directory is free");
        let store = Store::open(&dir, self.clock.clone(), appliance_tasks::Tasks::new())
            .expect("the store opens");
        self.mint = IdMint::new(self.clock.clone(), store.newest_millis());
        self.store = Some(store);
    }

    fn store(&self) -> Arc<Store> {
        Arc::new(self.store.clone().expect("the store is open"))
    }
}

#[async_trait]
impl StoreFixture for Fixture {
    fn records(&self) -> Arc<dyn Records> {
        self.store()
    }

    fn users(&self) -> Arc<dyn Users> {
        self.store()
    }

    fn conversations(&self) -> Arc<dyn Conversations> {
        self.store()
    }

    fn tasks(&self) -> Arc<dyn Tasks> {
        self.store()
    }

    fn memories(&self) -> Arc<dyn Memories> {
        self.store()
    }

    fn trail(&self) -> Arc<dyn AuditTrail> {
        self.store()
    }

    fn streams(&self) -> Arc<dyn Streams> {
        self.store()
    }

    fn mint(&self) -> IdMint {
        self.mint.clone()
    }

    async fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn set_wall(&self, to: Timestamp) {
        self.clock.set_millis(to.unix_millis());
    }

    async fn reopen(&mut self) {
        let store = self.store.take().expect("the store is open");
        store.close();
        drop(store);
        self.open();
    }
}

/// A hub of its own.
struct Feed(Arc<LiveHub>);

impl LiveFixture for Feed {
    fn live(&self) -> Arc<dyn Live> {
        self.0.clone()
    }
}

impl TiersFixture for Fixture {
    fn tiers(&self) -> Arc<dyn MemoryTiers> {
        self.store()
    }
}

/// The hot tier in RAM.
struct InMemory;

impl HotFixture for InMemory {
    fn hot(&self, per_agent: usize) -> Arc<dyn HotTier> {
        Arc::new(MemoryHotTier::new(per_agent))
    }
}
