//! `state.redb` taken away, or another file laid in its place, while it is open: what was acknowledged
//! is put back, nothing that somebody laid there is written over, and where it cannot be put back
//! writes are refused in words and reads go on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use appliance_core::{
    Batch, ConversationId, ErrorKind, IdMint, MessageId, StoreError, UserId, Write,
    ports::{Conversations as _, Records as _, StoreDamage as _, StoreSigns as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

/// An open store in a directory within a folder of its own.
struct House {
    folder: TempDir,
    clock: Arc<ManualClock>,
    mint: IdMint,
    store: Store,
    owner: UserId,
    thread: ConversationId,
    said: Vec<MessageId>,
}

impl House {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let store = open(&folder, &clock);
        let user = given::user(&mint);
        let thread = given::thread(&mint, user.id);
        let (owner, id) = (user.id, thread.id);
        let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutConversation(thread));
        store.apply(batch).await.unwrap();
        let mut house = Self { folder, clock, mint, store, owner, thread: id, said: Vec::new() };
        for _ in 0..20 {
            house.say().await.unwrap();
        }
        house
    }

    async fn say(&mut self) -> Result<(), StoreError> {
        let message = given::message(&self.mint, self.thread, "what was acknowledged");
        let id = message.id;
        self.store.apply(Batch::new().write(Write::AppendMessage(message))).await?;
        self.said.push(id);
        Ok(())
    }

    async fn has_all(&self) {
        all_are_in(&self.store, self.owner, &self.said).await;
    }

    /// Opens it anew on what is on disk.
    async fn survives(self) {
        let Self { folder, clock, store, owner, said, .. } = self;
        store.close();
        drop(store);
        all_are_in(&open(&folder, &clock), owner, &said).await;
    }

    /// Checks that a write is refused with these words, which doctor and readiness have too.
    async fn refuses(&mut self, words: &str) {
        let error = self.say().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(self.store.signs().state.code(), "failing");
        let named = self.store.damage().found;
        assert!(matches!(&named[..], [one] if one.what.contains(words)), "{named:?}");
        self.has_all().await;
    }

    async fn takes_writes_again(&mut self) {
        self.say().await.unwrap();
        assert_eq!(self.store.signs().state.code(), "ok");
        assert!(self.store.damage().found.is_empty());
        self.has_all().await;
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self) -> PathBuf {
        self.data().join("state.redb")
    }

    /// Names of files that are copies of it.
    fn copies(&self) -> Vec<String> {
        let names = fs::read_dir(self.data()).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("state.redb.")).collect()
    }
}

async fn all_are_in(store: &Store, owner: UserId, said: &[MessageId]) {
    for id in said {
        assert!(store.message(owner, *id).await.unwrap().is_some());
    }
}

fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> Store {
    let dir = DataDir::open(folder.path().join("data")).unwrap();
    Store::open(&dir, clock.clone(), appliance_tasks::Tasks::new()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_file_is_put_back_by_the_next_write() {
    let mut house = House::new().await;
    for _ in 0..3 {
        fs::remove_file(house.file()).unwrap();
        house.takes_writes_again().await;
        assert!(house.file().exists() && house.copies().is_empty());
    }
    house.survives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_moved_away_is_put_back_though_nobody_writes() {
    let house = House::new().await;
    house.store.begin_keeping();
    let elsewhere = house.folder.path().join("elsewhere");
    fs::rename(house.file(), elsewhere).unwrap();
    while !house.file().exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    house.survives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_before_the_end_is_put_back_at_the_end() {
    let house = House::new().await;
    fs::remove_file(house.file()).unwrap();
    house.survives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_in_its_place_is_left_alone_and_what_was_kept_is_saved_beside_it() {
    let mut house = House::new().await;
    fs::write(house.data().join("other"), "somebody's own").unwrap();
    fs::rename(house.data().join("other"), house.file()).unwrap();
    house.refuses("another file was laid in the place").await;
    house.refuses("saved as state.redb.kept-1").await;
    assert_eq!(house.copies(), ["state.redb.kept-1"]);
    assert_eq!(fs::read(house.file()).unwrap(), b"somebody's own");

    fs::rename(house.file(), house.data().join("other")).unwrap();
    house.takes_writes_again().await;
    assert!(house.copies().is_empty());
    house.survives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_directory_nothing_is_written_until_it_is_back() {
    let mut house = House::new().await;
    let (data, away) = (house.data(), house.folder.path().join("away"));
    fs::rename(&data, &away).unwrap();
    house.refuses("the data directory is gone").await;
    fs::create_dir(&data).unwrap();
    house.refuses("another one is in its place").await;
    assert!(!house.file().exists());

    fs::remove_dir(&data).unwrap();
    fs::rename(&away, &data).unwrap();
    house.takes_writes_again().await;
    house.survives().await;
}
