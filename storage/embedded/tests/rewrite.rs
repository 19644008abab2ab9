//! The records' file made anew after a purge: no byte of what was purged is left in it, everything else
//! is as it was, whatever is read and written meanwhile and wherever a kill -9 falls.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the child is this test binary, told by a variable")]

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Batch, Clock as _, ErrorKind, IdMint, Memory, MemoryId, MemoryKind, Provenance, StoreError,
    Timestamp, UserId, Write,
    ports::{Memories, Records as _, Rewritten, Upkeep as _, Users},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const START: u64 = 1_793_000_000_000;
const EVER: Timestamp = Timestamp::from_unix_micros(i64::MAX);

/// Memories in the house; the first half is purged.
const MEMORIES: usize = 200;

/// A store with memories of one person.
struct House {
    store: Store,
    mint: IdMint,
    clock: Arc<ManualClock>,
    owner: UserId,
}

impl House {
    fn open(place: &Path) -> Self {
        let clock = Arc::new(ManualClock::at_millis(START));
        let dir = DataDir::open(place).unwrap();
        let store = Store::open(&dir, clock.clone(), appliance_tasks::Tasks::new()).unwrap();
        let mint = IdMint::new(clock.clone(), store.newest_millis());
        Self { store, mint, clock, owner: UserId::from_bytes([0; 16]) }
    }

    /// Opens a house that somebody lives in.
    async fn again(place: &Path) -> Self {
        let house = Self::open(place);
        let owner = Users::first(&house.store).await.unwrap().unwrap().id;
        Self { owner, ..house }
    }

    /// Makes a house in which half of what was remembered is purged.
    async fn purged(place: &Path) -> (Self, Vec<MemoryId>) {
        let mut house = Self::open(place);
        let user = given::user(&house.mint);
        house.owner = user.id;
        house.write(Write::PutUser(user)).await;
        let mut ids = Vec::new();
        for number in 0..MEMORIES {
            ids.push(house.remember(&word(number)).await);
        }
        let gone = ids.drain(..MEMORIES / 2).collect();
        house.write(Write::PurgeMemories { owner: house.owner, ids: gone }).await;
        (house, ids)
    }

    async fn write(&self, write: Write) {
        self.store.apply(Batch::new().write(write)).await.unwrap();
    }

    async fn remember(&self, text: &str) -> MemoryId {
        let (id, from) = (self.mint.next(MemoryId::from_uuid), Provenance::default());
        let kind = MemoryKind::Note;
        let memory = Memory::new(id, self.owner, kind, text.to_owned(), from, self.clock.now());
        self.write(Write::PutMemory(memory)).await;
        id
    }

    /// Returns how many purges there were, if the file is to be made anew.
    async fn due(&self) -> Option<u64> {
        self.store.rewrite_due(EVER).await.unwrap()
    }

    /// Makes the file anew, as if every other file was just now.
    async fn rewrite(&self) -> Result<Rewritten, StoreError> {
        self.store.rewrite(self.due().await.unwrap_or_default()).await
    }

    /// Checks that what was kept is there, word by word.
    async fn has(&self, kept: &[MemoryId]) {
        for (id, number) in kept.iter().zip(MEMORIES / 2..) {
            let memory = Memories::get(&self.store, self.owner, *id).await.unwrap();
            assert_eq!(memory.unwrap().text, word(number));
        }
    }
}

/// A word that is nowhere else, of memory `number`.
fn word(number: usize) -> String {
    format!("canary-{:016x}-{number}", (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Returns how many of the purged words, and of the kept ones, the file holds.
fn held(place: &Path) -> (usize, usize) {
    let bytes = fs::read(place.join("state.redb")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let count = |numbers: std::ops::Range<usize>| {
        numbers.filter(|number| text.contains(&word(*number))).count()
    };
    (count(0..MEMORIES / 2), count(MEMORIES / 2..MEMORIES))
}

#[tokio::test]
async fn what_was_purged_is_in_no_byte_of_the_new_file_and_the_rest_is_as_it_was() {
    let folder = TempDir::new().unwrap();
    let (house, kept) = House::purged(folder.path()).await;
    let half = MEMORIES / 2;
    assert!(
        held(folder.path()).0 > half / 2,
        "free pages hold it before: {:?}",
        held(folder.path())
    );
    assert!(house.due().await.is_some());
    let before = house.store.since(0, 1_000).await.unwrap();

    let done = house.rewrite().await.unwrap();
    assert_eq!(held(folder.path()), (0, half));
    assert!(done.after < done.before, "{done:?}");
    assert_eq!(house.due().await, None);
    let after = house.store.since(0, 1_000).await.unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "the change log is the same");
    house.has(&kept).await;

    let later = house.remember("said after it").await;
    house.store.close();
    drop(house);
    let house = House::again(folder.path()).await;
    house.has(&kept).await;
    assert!(Memories::get(&house.store, house.owner, later).await.unwrap().is_some());
    house.store.compare().await.unwrap();
    assert_eq!(house.store.since(0, 1_000).await.unwrap().len(), after.len() + 1);
}

#[tokio::test]
async fn it_is_due_again_once_something_more_was_purged_and_not_within_the_same_day() {
    let folder = TempDir::new().unwrap();
    let (house, kept) = House::purged(folder.path()).await;
    house.rewrite().await.unwrap();
    let purge = |id| Write::PurgeMemories { owner: house.owner, ids: vec![id] };
    house.write(purge(kept[0])).await;
    let yesterday = ManualClock::at_millis(START - 1).now();
    assert_eq!(house.store.rewrite_due(yesterday).await.unwrap(), None);
    assert!(house.due().await.is_some(), "but when somebody asks");
    house.clock.advance(Duration::from_secs(60));
    house.rewrite().await.unwrap();
    assert_eq!(house.due().await, None);
    assert_eq!(held(folder.path()), (0, kept.len() - 1));
}

#[tokio::test]
async fn what_was_purged_after_the_other_files_were_cleaned_is_still_due() {
    let folder = TempDir::new().unwrap();
    let (house, kept) = House::purged(folder.path()).await;
    let seen = house.due().await.unwrap();
    let purge = |id| Write::PurgeMemories { owner: house.owner, ids: vec![id] };
    house.write(purge(kept[0])).await;
    house.store.rewrite(seen).await.unwrap();
    let due = house.due().await.unwrap();
    assert!(due > seen, "{due} after {seen}");
    house.store.rewrite(due).await.unwrap();
    assert_eq!(house.due().await, None);
    house.store.rewrite(seen).await.unwrap();
    assert_eq!(house.due().await, None, "what has left the files does not come back");
    house.write(purge(kept[1])).await;
    assert!(house.due().await > Some(due));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_read_and_write_meanwhile_and_nothing_of_it_is_lost() {
    let folder = TempDir::new().unwrap();
    let (house, kept) = House::purged(folder.path()).await;
    let house = Arc::new(house);
    let (writer, reader) = (Arc::clone(&house), Arc::clone(&house));
    let said = tokio::spawn(async move {
        let mut said = Vec::new();
        for number in 0..60 {
            said.push(writer.remember(&format!("meanwhile {number}")).await);
        }
        said
    });
    let read = kept.clone();
    let reads = tokio::spawn(async move {
        for _ in 0..5 {
            reader.has(&read).await;
        }
    });
    for _ in 0..5 {
        house.rewrite().await.unwrap();
    }
    let said = said.await.unwrap();
    reads.await.unwrap();
    house.store.close();
    drop(house);
    let house = House::again(folder.path()).await;
    for id in said {
        assert!(Memories::get(&house.store, house.owner, id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_costs_nothing() {
    let folder = TempDir::new().unwrap();
    let (house, kept) = House::purged(folder.path()).await;
    let in_the_way = folder.path().join("state.redb.anew");
    fs::create_dir(&in_the_way).unwrap();
    let refused = house.rewrite().await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    house.has(&kept).await;
    house.remember("it goes on").await;
    assert!(house.due().await.is_some(), "and is tried again");
    fs::remove_dir(&in_the_way).unwrap();
    house.rewrite().await.unwrap();
    assert_eq!(held(folder.path()).0, 0);
}

const PLACE: &str = "REWRITE_PLACE";
const STEP: &str = "REWRITE_STEP";
const NTH: &str = "REWRITE_NTH";

/// The child: makes the file anew and ends itself when it has come to a step for the n-th time.
#[test]
#[ignore = "run by the test below, as its child"]
#[cfg(debug_assertions)]
fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let step = std::env::var(STEP).unwrap();
    let wanted: u32 = std::env::var(NTH).unwrap().parse().unwrap();
    let met = AtomicU32::new(0);
    storage_embedded::watch_steps(move |name| {
        if name == step && met.fetch_add(1, Ordering::SeqCst) + 1 == wanted {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
            std::thread::park(); // the signal is on its way
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        House::again(Path::new(&place)).await.rewrite().await.unwrap();
    });
}

#[test]
#[cfg(debug_assertions)] // a release build has no steps to stop at
fn a_kill_at_any_step_leaves_a_whole_file_and_no_copy() {
    let (given, runtime) = (TempDir::new().unwrap(), tokio::runtime::Runtime::new().unwrap());
    let kept = runtime.block_on(async {
        let (house, kept) = House::purged(given.path()).await;
        house.store.close();
        kept
    });
    for (step, nth) in [
        ("rewrite.begun", 1),
        ("rewrite.row", 1),
        ("rewrite.row", 700),
        ("rewrite.copied", 1),
        ("rewrite.synced", 1),
        ("rewrite.renamed", 1),
        ("rewrite.placed", 1),
        ("rewrite.done", 1),
    ] {
        let copy = TempDir::new().unwrap();
        fs::copy(given.path().join("state.redb"), copy.path().join("state.redb")).unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env(PLACE, copy.path())
            .env(STEP, step)
            .env(NTH, nth.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(9), "it never came to {step} for the {nth}. time");
        runtime.block_on(async {
            let house = House::again(copy.path()).await;
            house.has(&kept).await;
            assert_eq!(house.store.since(0, 1_000).await.unwrap().len(), MEMORIES, "{step}");
            assert!(!copy.path().join("state.redb.anew").exists(), "{step}: a copy is left");
            house.remember("it goes on").await;
            house.rewrite().await.unwrap();
            assert_eq!(held(copy.path()), (0, MEMORIES / 2), "{step}");
            house.store.close();
        });
    }
}
