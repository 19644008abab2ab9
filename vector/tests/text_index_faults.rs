//! The text index while its files cannot be written: it answers, and mends itself afterwards.
//!
//! The fault is real: the process may open no more files. So this is one test, alone in its process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, time::Duration};

use appliance_core::{
    HistoryId, MemoryId, UserId,
    memory::Origin,
    ports::{TakenOut, TextChanges, TextEntry, TextIndex as _},
};
use appliance_tasks::Tasks;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vector::TextIndex;

const ADA: UserId = UserId::from_bytes([1; 16]);
const OURS: Origin = Origin { history: HistoryId::from_bytes([7; 16]), latest: 100_000 };

async fn put(index: &TextIndex, from: u64, to: u64) {
    let entry = |n: u64| TextEntry {
        id: MemoryId::from_bytes(u128::from(n).to_be_bytes()),
        owner: ADA,
        author: None,
        text: format!("ticket{n} about the lift is closed"),
    };
    let put = (from..to).map(entry).collect();
    index.take_in(TextChanges { put, gone: Vec::new(), position: to }).await.unwrap();
}

async fn has(index: &TextIndex, n: u64) -> bool {
    let hits = index.search(ADA, &format!("ticket{n}"), 3).await.unwrap();
    hits.first().is_some_and(|hit| hit.0 == MemoryId::from_bytes(u128::from(n).to_be_bytes()))
}

#[tokio::test]
async fn a_passing_fault_loses_nothing_and_mends_itself() {
    let folder = tempfile::tempdir().unwrap();
    let index = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap().index;
    put(&index, 1, 301).await;
    assert_eq!(index.fault(), None);

    let whole = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), ..whole }).unwrap();
    for from in (301..901).step_by(60) {
        put(&index, from, from + 60).await;
        assert!(has(&index, from + 30).await && has(&index, 7).await, "it answers meanwhile");
        tokio::time::sleep(Duration::from_millis(60)).await; // so that commits are tried again
    }
    assert!(
        index.flush(TakenOut::MayStay).await.is_err() && index.fault().is_some(),
        "and says that it is behind"
    );
    assert_eq!((index.count(), index.position()), (900, 901));
    setrlimit(Resource::Nofile, whole).unwrap();

    for _ in 0..600 {
        if index.flush(TakenOut::MayStay).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(index.fault(), None, "mended by itself");
    assert!(has(&index, 7).await && has(&index, 600).await && has(&index, 900).await);
    drop(index);
    let again = TextIndex::open(folder.path(), &OURS, Tasks::new()).unwrap();
    assert_eq!((again.rebuilt, again.index.count(), again.index.position()), (None, 900, 901));
    assert!(fs::read_dir(folder.path()).unwrap().count() > 3);
}
