//! kill -9 while vectors are built anew: every memory is found once afterwards, by the old vectors or
//! by the new ones, nothing is left over, and the same reindex asked for again comes to its end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the child is this test binary, told by a variable")]

mod reindex_crash {
    pub mod dying;
    pub mod given;
}

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reindex_crash::{
    dying::Steps,
    given::{check, copy, furnished, life, open, reindex},
};

const PLACE: &str = "REINDEX_CRASH_PLACE";
const STEP: &str = "REINDEX_CRASH_STEP";
const NTH: &str = "REINDEX_CRASH_NTH";

/// The steps of a build: pages, the save on its way, the last save, the mark, the end of the old.
const KILLS: [(&str, u32); 8] = [
    ("new.upsert.before", 1),
    ("new.upsert.after", 1),
    ("new.upsert.after", 34),
    ("new.save.before", 1),
    ("new.save.after", 1),
    ("new.save.before", 2),
    ("new.save.after", 2),
    ("old.discard.before", 1),
];

/// Kills at any moment, spread over the time that a build takes.
const MOMENTS: u32 = 12;

/// The child: builds the vectors anew and ends itself at a step.
#[test]
#[ignore = "run by the tests below, as their child"]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let nth = std::env::var(NTH).unwrap().parse().unwrap();
    let steps = Steps::deadly_at(&std::env::var(STEP).unwrap(), nth);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&place));
        let search = life(Path::new(&place), &store, &steps);
        reindex(&search).await;
        store.close();
    });
}

fn begin(place: &Path, step: &str, nth: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(PLACE, place)
        .env(STEP, step)
        .env(NTH, nth.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Checks what a restart finds, and again after the reindex was made to its end.
async fn recovers(place: &Path, what: &str) {
    let store = open(place);
    let search = life(place, &store, &Steps::default());
    search.warm_up().await.unwrap();
    pai::memory::Indexes::save(&search).await.unwrap();
    check(&search, &store, place, what).await;
    reindex(&search).await;
    check(&search, &store, place, &format!("{what}, made again")).await;
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_survives_kill_9_at_every_step() {
    let given = furnished().await;
    for (step, nth) in KILLS {
        let copy = copy(given.path());
        let status = begin(copy.path(), step, nth).wait().unwrap();
        assert_eq!(status.signal(), Some(9), "never came to {step} ({nth}): {status}");
        recovers(copy.path(), &format!("killed at {step} ({nth})")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_survives_kill_9_at_any_moment() {
    let given = furnished().await;
    let (whole, began) = (copy(given.path()), Instant::now());
    assert!(begin(whole.path(), "nowhere", 1).wait().unwrap().success());
    let takes = began.elapsed();
    let mut kills = 0;
    for moment in 1..=MOMENTS {
        let copy = copy(given.path());
        let mut child = begin(copy.path(), "nowhere", 1);
        std::thread::sleep(takes.saturating_sub(Duration::from_millis(5)) * moment / MOMENTS);
        child.kill().unwrap();
        kills += u32::from(child.wait().unwrap().signal() == Some(9));
        recovers(copy.path(), &format!("killed after {moment} of {MOMENTS} parts")).await;
    }
    assert!(kills >= MOMENTS / 2, "only {kills} were killed while they built");
}
