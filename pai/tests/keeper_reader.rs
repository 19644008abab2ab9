//! The reading side of the hot tier: what it shows is always what the records say.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod care_house;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use appliance_core::{
    Memory, MemoryId, StoreError, UserId, Utility, Write,
    ports::{Correction, HotTier, Memories, MemoryCare, MemoryTiers},
};
use async_trait::async_trait;
use care_house::House;
use pai::memory::{Limits, Reader};
use proptest::{prelude::*, test_runner::Config};
use storage_embedded::MemoryHotTier;

#[tokio::test]
async fn reading_goes_to_the_records_until_every_change_is_in_ram() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    assert!(house.get(id).await.is_some());
    assert_eq!(house.reader.hits(), (0, 0), "a change that is not in RAM yet: RAM is not asked");
    house.reader.sync().await.unwrap();
    assert!(house.get(id).await.is_some());
    assert_eq!(house.reader.hits().0, 1);

    let touched = vec![(id, 1, Utility::MOST)];
    house.write(vec![Write::TouchMemories { owner: house.owner, touched, at: house.now() }]).await;
    assert_eq!(house.get(id).await.unwrap().standing.utility, Utility::MOST);
    house.reader.sync().await.unwrap();
    assert_eq!(house.get(id).await.unwrap().standing.utility, Utility::MOST);
    assert_eq!(house.reader.hits().0, 2, "out of RAM, and as it is now");
}

#[tokio::test]
async fn whoever_follows_the_changes_through_it_keeps_ram_level() {
    let house = House::new().await;
    let id = house.remember("wren").await;
    house.reader.since(0, 256).await.unwrap();
    assert!(house.get(id).await.is_some());
    assert_eq!(house.reader.hits().0, 1);

    house.remember("heron").await;
    let far = house.reader.latest();
    assert!(house.reader.since(far, 256).await.unwrap().is_empty());
    house.get(id).await.unwrap();
    assert_eq!(house.reader.hits().0, 1, "one that has skipped a change does not");
}

#[tokio::test]
async fn a_start_fills_ram_with_the_newest_of_each_agent_and_lists_the_rest() {
    let house = House::with(Limits { hot_per_agent: 10, ..Limits::default() }).await;
    let ids = house.remember_many(25).await;
    let hot = Arc::new(MemoryHotTier::new(10));
    let reader = Reader::new(Arc::new(house.store.clone()), house.tiers.clone(), hot.clone());
    assert!(reader.get(house.owner, ids[24]).await.unwrap().is_some(), "before it is filled too");
    assert_eq!(reader.fill(10).await.unwrap(), 10);
    assert_eq!(hot.count().await.unwrap(), 10);
    for id in &ids {
        assert!(reader.get(house.owner, *id).await.unwrap().is_some());
    }
    assert_eq!(reader.hits(), (10, 15));
    assert_eq!(reader.get(house.somebody().await, ids[24]).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_forgotten_is_not_shown_while_others_fill_ram() {
    let house = House::with(Limits { hot_per_agent: 50, ..Limits::default() }).await;
    let reader = house.reader.clone();
    let following = tokio::spawn(async move {
        loop {
            let from = reader.latest().saturating_sub(20);
            reader.since(from, 7).await.unwrap();
            reader.sync().await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    for n in 0..200 {
        let id = house.remember(&format!("secret {n}")).await;
        if n % 2 == 0 {
            house.reader.sync().await.unwrap();
        }
        assert!(house.get(id).await.is_some());
        house.care.forget(&house.by(), vec![id]).await.unwrap();
        assert_eq!(house.get(id).await, None, "number {n}");
    }
    following.abort();
    assert!(house.reader.hits().0 > 0);
}

/// A hot tier that can be away.
#[derive(Debug)]
struct Away {
    inner: MemoryHotTier,
    away: AtomicBool,
}

impl Away {
    fn ask(&self) -> Result<&MemoryHotTier, StoreError> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(StoreError::unavailable("hot", "the connection was refused")),
            false => Ok(&self.inner),
        }
    }
}

#[async_trait]
impl HotTier for Away {
    async fn put(&self, memory: Memory) -> Result<Vec<MemoryId>, StoreError> {
        self.ask()?.put(memory).await
    }

    async fn get(&self, owner: UserId, id: MemoryId) -> Result<Option<Memory>, StoreError> {
        self.ask()?.get(owner, id).await
    }

    async fn take(&self, id: MemoryId) -> Result<(), StoreError> {
        self.ask()?.take(id).await
    }

    async fn count(&self) -> Result<usize, StoreError> {
        self.ask()?.count().await
    }

    fn hits(&self) -> (u64, u64) {
        self.inner.hits()
    }
}

#[tokio::test]
async fn a_hot_tier_that_is_away_costs_nobody_a_memory_and_catches_up_when_it_is_back() {
    let house = House::new().await;
    let hot = Arc::new(Away { inner: MemoryHotTier::new(10), away: AtomicBool::new(false) });
    let reader = Reader::new(Arc::new(house.store.clone()), house.tiers.clone(), hot.clone());
    reader.fill(10).await.unwrap();
    let first = house.remember("wren").await;
    reader.sync().await.unwrap();
    hot.away.store(true, Ordering::SeqCst);
    assert!(reader.get(house.owner, first).await.unwrap().is_some());

    house.care.forget(&house.by(), vec![first]).await.unwrap();
    let second = house.remember("heron").await;
    assert_eq!(reader.since(0, 256).await.unwrap().len(), 2, "whoever follows goes on");
    assert!(reader.sync().await.is_err());
    hot.away.store(false, Ordering::SeqCst);
    assert_eq!(reader.get(house.owner, first).await.unwrap(), None, "RAM has it still, unasked");
    reader.sync().await.unwrap();
    assert_eq!(hot.count().await.unwrap(), 1);
    assert!(reader.get(house.owner, second).await.unwrap().is_some());
    assert_eq!(reader.get(house.owner, first).await.unwrap(), None);
}

#[derive(Debug, Clone)]
enum Op {
    Put,
    Forget(usize),
    Undo,
    Correct(usize),
    Touch(usize),
    Warm(usize),
    Archive(usize),
    Sync,
    Follow,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Put),
        1 => (0_usize..30).prop_map(Op::Forget),
        1 => Just(Op::Undo),
        1 => (0_usize..30).prop_map(Op::Correct),
        1 => (0_usize..30).prop_map(Op::Touch),
        1 => (0_usize..30).prop_map(Op::Warm),
        1 => (0_usize..30).prop_map(Op::Archive),
        2 => Just(Op::Sync),
        1 => Just(Op::Follow),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn it_shows_what_the_records_say_whatever_happens(ops in prop::collection::vec(op(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agrees(ops));
    }
}

async fn agrees(ops: Vec<Op>) {
    let house = House::with(Limits { hot_per_agent: 4, ..Limits::default() }).await;
    let mut ids = vec![house.remember("the first").await];
    let mut followed = 0;
    for (turn, op) in ops.into_iter().enumerate() {
        let pick = |place: usize| ids[place % ids.len()];
        // A deed that makes no sense just now is refused; the next one is tried.
        match op {
            Op::Put => ids.push(house.remember(&format!("number {turn}")).await),
            Op::Forget(at) => drop(house.care.forget(&house.by(), vec![pick(at)]).await),
            Op::Undo => drop(house.care.undo(&house.by(), None).await),
            Op::Correct(at) => {
                let rather = Correction::new(pick(at), format!("rather {turn}"));
                let new = house.care.correct(&house.by(), rather).await;
                ids.extend(new.map(|(memory, _)| memory.id));
            }
            Op::Touch(at) => {
                let touched = vec![(pick(at), 1, Utility::MOST)];
                let (owner, at) = (house.owner, house.now());
                house.write(vec![Write::TouchMemories { owner, touched, at }]).await;
            }
            Op::Warm(at) => drop(house.store.warm(&[pick(at)], house.now()).await.unwrap()),
            Op::Archive(at) => drop(house.store.archive(&[pick(at)], house.now()).await.unwrap()),
            Op::Sync => house.reader.sync().await.unwrap(),
            Op::Follow => {
                let page = house.reader.since(followed, 3).await.unwrap();
                followed = page.last().map_or(followed, |change| change.position);
            }
        }
        for id in &ids {
            let shown = house.reader.get(house.owner, *id).await.unwrap();
            assert_eq!(shown, house.store.get(house.owner, *id).await.unwrap());
            assert!(shown.is_none_or(|memory| memory.standing.forgotten_at.is_none()));
        }
    }
    assert!(house.hot.count().await.unwrap() <= 4);

    house.keeper.tend_once().await.unwrap();
    assert!(house.counts().await.hot.values().sum::<u64>() <= 4);
}
