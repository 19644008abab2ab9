//! kill -9 at every step of every move between tiers: each memory is there once, in one tier, byte
//! for byte; no file is left over; and the same move asked for again comes to its end.

#![cfg(debug_assertions)] // a release build has no steps to stop at
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the child is this test binary, told by a variable")]

mod tiers_crash {
    pub mod given;
}

use std::{
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use appliance_core::{Timestamp, ports::MemoryTiers as _};
use tiers_crash::given::{Given, Move, open};

const PLACE: &str = "TIERS_CRASH_PLACE";
const MOVE: &str = "TIERS_CRASH_MOVE";
const STEP: &str = "TIERS_CRASH_STEP";
const NTH: &str = "TIERS_CRASH_NTH";

const SEGMENT: [&str; 9] = [
    "segment.made",
    "segment.half",
    "segment.written",
    "segment.synced",
    "segment.proven",
    "segment.renamed",
    "segment.placed",
    "segment.drafted",
    "segment.committed",
];

/// The child: makes one move and ends itself when it has come to a step for the n-th time.
#[test]
#[ignore = "run by the tests below, as their child"]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let step = std::env::var(STEP).unwrap();
    let wanted: u32 = std::env::var(NTH).unwrap().parse().unwrap();
    let (given, met) = (Given::read(Path::new(&place)), AtomicU32::new(0));
    storage_embedded::watch_steps(move |name| {
        if name == step && met.fetch_add(1, Ordering::SeqCst) + 1 == wanted {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
            std::thread::park(); // the signal is on its way
        }
    });
    let asked = Move::named(&std::env::var(MOVE).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&place));
        given.make(&store, asked).await;
        store.close();
    });
}

/// Runs the child in `place` until it is killed at `step`.
fn killed_at(place: &Path, asked: Move, step: &str, nth: u32) {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env(PLACE, place)
        .env(MOVE, asked.name())
        .env(STEP, step)
        .env(NTH, nth.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let what = format!("{asked:?} never came to {step} for the {nth}. time: {status}");
    assert_eq!(status.signal(), Some(9), "{what}");
}

/// Kills the move at each of `steps` on a fresh copy, and checks before and after it is made again.
fn dies_at(asked: Move, steps: &[(&str, u32)]) {
    let given = Given::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (step, nth) in steps {
        let copy = given.copy();
        killed_at(copy.path(), asked, step, *nth);
        runtime.block_on(async {
            let what = format!("{asked:?} killed at {step} ({nth})");
            let store = open(copy.path());
            given.check(&store, copy.path(), asked, &what).await;
            given.make(&store, asked).await;
            given.check_done(&store, copy.path(), asked, &format!("{what}, made again")).await;
            store.close();
        });
    }
    println!("{asked:?}: {} kills", steps.len());
}

fn once(steps: &[&'static str]) -> Vec<(&'static str, u32)> {
    steps.iter().map(|step| (*step, 1)).collect()
}

#[test]
fn promotion_from_hot_survives_kill_9_at_every_step() {
    dies_at(Move::Promote, &once(&["warm.read", "warm.drafted", "warm.committed"]));
}

#[test]
fn archiving_survives_kill_9_at_every_step() {
    let steps = [&["archive.read"], &SEGMENT[..], &["archive.done"]].concat();
    dies_at(Move::Archive, &once(&steps));
}

#[test]
fn restoring_survives_kill_9_at_every_step() {
    let steps =
        ["warm.read", "warm.drafted", "warm.committed", "tidy.committed", "archive.deleted"];
    dies_at(Move::Restore, &once(&steps));
}

#[test]
fn compacting_survives_kill_9_at_every_step() {
    let steps = [&SEGMENT[..], &["archive.deleted"]].concat();
    dies_at(Move::Compact, &once(&steps));
}

#[test]
fn expiring_survives_kill_9_at_every_step() {
    let mut steps = once(&["expire.drafted", "expire.committed"]);
    steps.extend([("expire.drafted", 2), ("expire.committed", 2)]);
    steps.extend(once(&["tidy.committed"]));
    steps.extend(once(&SEGMENT));
    steps.extend([("archive.deleted", 1), ("archive.deleted", 2)]);
    dies_at(Move::Expire, &steps);
}

#[test]
fn purging_survives_kill_9_at_every_step() {
    let mut steps = once(&["purge.drafted", "purge.committed"]);
    steps.extend(once(&SEGMENT));
    steps.extend([("archive.deleted", 1), ("segment.placed", 2), ("archive.deleted", 2)]);
    steps.extend(once(&["purge.done"]));
    dies_at(Move::Purge, &steps);
}

#[test]
fn a_move_that_is_not_killed_comes_to_its_end() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for asked in Move::ALL {
        let given = Given::new();
        runtime.block_on(async {
            let store = open(given.path());
            given.check(&store, given.path(), asked, "before").await;
            given.make(&store, asked).await;
            given.check_done(&store, given.path(), asked, &format!("{asked:?}")).await;
            let more = store.compact(Timestamp::from_unix_micros(0)).await.unwrap();
            assert_eq!(more.map(|_| ()), given.left_to_compact(asked), "{asked:?}");
            store.close();
        });
    }
}
