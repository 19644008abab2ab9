//! What a purge leaves for the maintenance: every file is made anew, and a purge that falls between them
//! is not forgotten. And what half-empty pages leave for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod care_house;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use appliance_core::{
    Batch, Clock as _, MemoryId, StoreError, Timestamp, Write,
    ports::{Memories, MemoryTiers as _, Records as _, Upkeep as _},
    time::ManualClock,
};
use async_trait::async_trait;
use care_house::House;
use pai::memory::{Clean, VectorCache};
use storage_embedded::Store;

const EVER: Timestamp = Timestamp::from_unix_micros(i64::MAX);

/// A cache of vectors; while it is cleaned for the first time, somebody purges something more.
#[derive(Debug)]
struct Interrupted {
    store: Store,
    write: Mutex<Option<Write>>,
}

#[async_trait]
impl VectorCache for Interrupted {
    async fn expire(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn key(&self, text: &str) -> [u8; 32] {
        let mut key = [0; 32];
        key.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
        key
    }

    async fn keep_only(&self, _: HashSet<[u8; 32]>) {
        let write = self.write.lock().unwrap().take();
        if let Some(write) = write {
            self.store.apply(Batch::new().write(write)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_purged_while_files_are_made_anew_is_still_due() {
    let house = House::new().await;
    let (first, second) = (house.remember("heron").await, house.remember("wren").await);
    let purge = |id: MemoryId| Write::PurgeMemories { owner: house.owner, ids: vec![id] };
    house.write(vec![purge(first)]).await;
    let write = Mutex::new(Some(purge(second)));
    let keeper = house.keeper_of(Arc::new(Interrupted { store: house.store.clone(), write }));
    for (is_rewritten, is_due) in [(true, true), (true, false), (false, false)] {
        let report = keeper.run_cleaning(Clean::Now).await.unwrap();
        assert!(report.failed.is_empty(), "{report:?}");
        assert_eq!(report.rewritten.is_some(), is_rewritten);
        assert_eq!(house.store.rewrite_due(EVER).await.unwrap().is_some(), is_due);
    }
}

/// Remembers much, and moves it into the archive: its pages are free then.
async fn loose() -> (House, Vec<MemoryId>) {
    let (house, mut kept) = (House::new().await, Vec::new());
    for number in 0..800 {
        kept.push(house.remember(&format!("{number} {}", "words ".repeat(400))).await);
    }
    house.store.warm(&kept, house.now()).await.unwrap();
    house.store.archive(&kept, house.now()).await.unwrap();
    (house, kept)
}

#[tokio::test]
async fn a_records_file_that_is_half_empty_is_made_anew_and_nothing_is_lost_by_it() {
    let (house, kept) = loose().await;
    let before = house.store.fill(EVER).await.unwrap().unwrap();
    assert!(before.rows < before.file / 4 * 3, "{before:?}");
    let keeper = house.keeper_with(house.limits.clone());
    let report = keeper.run_once().await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    let after = house.store.fill(EVER).await.unwrap().unwrap();
    assert!(report.rewritten.is_some() && after.file < before.file, "{before:?} {after:?}");
    for id in kept {
        assert!(Memories::get(&house.store, house.owner, id).await.unwrap().is_some());
    }
    house.pass_days(2);
    let report = keeper.run_once().await.unwrap();
    assert_eq!(report.rewritten, None, "there is nothing to win: {after:?}");
}

#[tokio::test]
async fn a_records_file_is_made_anew_once_a_day_unless_somebody_asks() {
    let (house, _kept) = loose().await;
    house.store.rewrite(0).await.unwrap();
    let now = house.store.fill(EVER).await.unwrap();
    let yesterday = ManualClock::at_millis(care_house::MORNING_MILLIS - 1).now();
    assert!(now.is_some(), "somebody asks");
    assert_eq!(house.store.fill(yesterday).await.unwrap(), None, "it was just now");
}
