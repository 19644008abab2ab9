//! What a purge leaves for the maintenance: every file is made anew, and a purge that falls between them
//! is not forgotten.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod care_house;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use appliance_core::{
    Batch, MemoryId, StoreError, Timestamp, Write,
    ports::{Records as _, Upkeep as _},
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
