//! The archive's folder and files: what is swept and what is kept, damage, and what can be read
//! without `state.redb`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use appliance_core::{
    Batch, Clock as _, ErrorKind, IdMint, MemoryId, MemoryTier, Timestamp, UserId, Write,
    ports::{Memories, MemoryTiers as _, Records as _, StoreDamage as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{ColdFile, DataDir, Store};
use tempfile::TempDir;

const COUNT: usize = 150;

/// A store with all its memories in one segment.
struct Written {
    folder: TempDir,
    owner: UserId,
    texts: BTreeMap<MemoryId, String>,
}

impl Written {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
        let store = open(folder.path());
        let user = given::user(&mint);
        let owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
        let mut written = Self { folder, owner, texts: BTreeMap::new() };
        written.put(&store, &mint).await;
        let ids: Vec<_> = written.texts.keys().copied().collect();
        store.warm(&ids, now()).await.unwrap();
        store.archive(&ids, now()).await.unwrap();
        store.close();
        written
    }

    async fn put(&mut self, store: &Store, mint: &IdMint) {
        let mut batch = Batch::new();
        for number in 0..COUNT {
            let text =
                format!("memory number {number:05}: {} {}", mint.uuid(), "words ".repeat(40));
            let memory = given::memory(mint, self.owner, &text);
            self.texts.insert(memory.id, text);
            batch = batch.write(Write::PutMemory(memory));
        }
        store.apply(batch).await.unwrap();
    }

    fn cold(&self) -> PathBuf {
        self.folder.path().join("cold")
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            fs::read_dir(self.cold()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Reads every memory; returns how many could not be. A wrong text fails the test.
    async fn read_all(&self, store: &Store, what: &str) -> usize {
        let mut failed = 0;
        for (id, text) in &self.texts {
            match Memories::get(store, self.owner, *id).await {
                Ok(found) => assert_eq!(found.map(|it| it.text).as_ref(), Some(text), "{what}"),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Corrupt, "{what}: {error}");
                    assert!(error.to_string().contains("segment 0000000000000001"), "{error}");
                    failed += 1;
                }
            }
        }
        failed
    }

    /// Returns those that cannot be read, or are gone.
    async fn lost(&self, store: &Store) -> BTreeSet<MemoryId> {
        let mut lost = BTreeSet::new();
        for id in self.texts.keys() {
            if store.get_sound(self.owner, *id).await.unwrap().is_none() {
                lost.insert(*id);
            }
        }
        lost
    }

    async fn purge(&self, store: &Store, ids: Vec<MemoryId>) {
        let purge = Write::PurgeMemories { owner: self.owner, ids };
        store.apply(Batch::new().write(purge)).await.unwrap();
    }
}

fn open(place: &Path) -> Store {
    let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
    Store::open(&DataDir::open(place).unwrap(), clock, appliance_tasks::Tasks::new()).unwrap()
}

fn now() -> Timestamp {
    ManualClock::at_millis(1_793_000_000_000).now()
}

#[tokio::test]
async fn the_archive_is_its_owners_alone() {
    let written = Written::new().await;
    assert_eq!(fs::metadata(written.cold()).unwrap().mode() & 0o777, 0o700);
    let files = written.files();
    assert_eq!(files.len(), 1);
    assert_eq!(fs::metadata(&files[0]).unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_tells_its_memories_without_the_store() {
    let written = Written::new().await;
    fs::remove_file(written.folder.path().join("state.redb")).unwrap();
    let file = ColdFile::open(&written.files()[0]).unwrap();
    let mut told = BTreeMap::new();
    for block in 0..file.blocks() {
        let memories = file.memories(block).unwrap();
        assert!(memories.len() <= 64 && memories.iter().all(|it| it.owner == written.owner));
        told.extend(memories.into_iter().map(|memory| (memory.id, memory.text)));
    }
    assert_eq!(told, written.texts);
    assert!(file.blocks() == 3 && file.memories(3).is_err());
}

#[tokio::test]
async fn half_made_files_and_orphans_are_swept_when_the_store_opens() {
    let written = Written::new().await;
    let whole = &written.files()[0];
    fs::write(written.cold().join("0000000000000002.seg.new"), b"half").unwrap();
    let orphan = orphan_of(whole, 3);
    fs::write(written.cold().join("0000000000000003.seg"), &orphan).unwrap();
    fs::write(written.cold().join("notes.txt"), b"a person's").unwrap();
    let store = open(written.folder.path());
    let left = written.files();
    assert_eq!(left, [whole.clone(), written.cold().join("notes.txt")]);
    assert_eq!(written.read_all(&store, "swept").await, 0);
}

#[tokio::test]
async fn the_segments_of_another_store_are_kept() {
    let written = Written::new().await;
    let before = fs::read(&written.files()[0]).unwrap();
    let other = TempDir::new().unwrap();
    drop(open(other.path()));
    let state = |folder: &TempDir| folder.path().join("state.redb");
    fs::copy(state(&other), state(&written.folder)).unwrap();
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
    let mut fresh = written;
    for round in 0..2 {
        let store = open(fresh.folder.path());
        let user = given::user(&mint);
        fresh.owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
        fresh.texts.clear();
        fresh.put(&store, &mint).await;
        let ids: Vec<_> = fresh.texts.keys().copied().collect();
        store.warm(&ids, now()).await.unwrap();
        store.archive(&ids, now()).await.unwrap();
        store.close();
        assert_eq!(fresh.files().len(), 2 + round, "each has its own number");
    }
    assert_eq!(fs::read(&fresh.files()[0]).unwrap(), before);
}

#[tokio::test]
async fn a_missing_segment_is_named_and_nothing_else_is_deleted() {
    let written = Written::new().await;
    let whole = written.files()[0].clone();
    let orphan = written.cold().join("0000000000000003.seg");
    fs::write(&orphan, orphan_of(&whole, 3)).unwrap();
    fs::remove_file(&whole).unwrap();
    let store = open(written.folder.path());
    assert!(orphan.exists(), "it may be all there is of something");
    assert_eq!(written.read_all(&store, "missing").await, COUNT);
    let ids: Vec<_> = written.texts.keys().copied().collect();
    let error = store.warm(&ids, now()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    assert_eq!(store.residents(MemoryTier::Cold, 0, 1_000).await.unwrap().len(), COUNT);
    assert_eq!(store.compact(now()).await.unwrap(), None);
}

#[tokio::test]
async fn a_restored_backup_of_the_records_finds_its_texts() {
    let written = Written::new().await;
    let state = written.folder.path().join("state.redb");
    let backup = fs::read(&state).unwrap();
    let ids: Vec<_> = written.texts.keys().copied().collect();
    let store = open(written.folder.path());
    store.warm(&ids[..100], now()).await.unwrap();
    store.archive(&ids[..50], now()).await.unwrap();
    store.close();
    drop(store);
    fs::write(&state, backup).unwrap();
    let store = open(written.folder.path());
    assert_eq!(written.read_all(&store, "from the backup").await, 0);
    assert_eq!(written.files().len(), 1, "what came after it is swept");
}

#[tokio::test]
async fn no_flipped_bit_ever_reads_as_something_else() {
    let written = Written::new().await;
    let file = written.files()[0].clone();
    let bytes = fs::read(&file).unwrap();
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noticed = 0;
    for _ in 0..60 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let bit = usize::try_from(dice % (bytes.len() as u64 * 8)).unwrap();
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &flipped).unwrap();
        let store = open(written.folder.path());
        noticed += usize::from(written.read_all(&store, &format!("bit {bit}")).await > 0);
        store.close();
    }
    println!("60 flips: {noticed} noticed when read");
    assert!(noticed > 50, "only the tail's checksum of the whole is not read again: {noticed}");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(written.read_all(&open(written.folder.path()), "whole again").await, 0);
}

#[tokio::test]
async fn a_truncated_or_foreign_file_is_damage_and_is_left_alone() {
    let written = Written::new().await;
    let file = written.files()[0].clone();
    let bytes = fs::read(&file).unwrap();
    let cut = |len: usize| bytes[..len].to_vec();
    let cases =
        [Vec::new(), cut(1), cut(64), cut(bytes.len() / 2), cut(bytes.len() - 1), vec![0; 5_000]];
    for case in cases {
        fs::write(&file, &case).unwrap();
        let store = open(written.folder.path());
        let what = format!("{} bytes", case.len());
        assert_eq!(written.read_all(&store, &what).await, COUNT);
        assert_eq!(fs::read(&file).unwrap(), case, "{what}: it was changed");
        store.close();
    }
}

#[tokio::test]
async fn damage_to_one_block_costs_that_block_alone() {
    let written = Written::new().await;
    let file = written.files()[0].clone();
    let bytes = damage_one_block(&file);
    let store = open(written.folder.path());
    let failed = written.read_all(&store, "one block").await;
    assert!((22..=64).contains(&failed), "{failed} memories");
    let ids: Vec<_> = written.texts.keys().copied().collect();
    let error = store.warm(&ids, now()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    let counts = store.counts(None).await.unwrap();
    assert_eq!((counts.cold, counts.warm), (failed as u64, (COUNT - failed) as u64));
    assert_eq!(store.compact(now()).await.unwrap(), None, "what cannot be read is not rewritten");
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[tokio::test]
async fn what_was_purged_and_cannot_be_rewritten_is_said_until_it_can() {
    let written = Written::new().await;
    let file = written.files()[0].clone();
    let whole = fs::read(&file).unwrap();
    let bytes = damage_one_block(&file);
    let store = open(written.folder.path());
    let lost = written.lost(&store).await;
    let sound = *written.texts.keys().find(|id| !lost.contains(id)).unwrap();
    written.purge(&store, vec![sound]).await;

    for what in ["the first run", "the next one"] {
        let error = store.purge(now()).await.unwrap_err().to_string();
        assert!(error.contains("cold/0000000000000001.seg: it is there still"), "{what}: {error}");
        assert!(error.contains("the checksum of block"), "{what}: {error}");
        assert_eq!(fs::read(&file).unwrap(), bytes, "{what}");
    }
    store.close();
    drop(store);
    let store = open(written.folder.path());
    store.compare().await.unwrap();
    let found = store.damage().found;
    assert!(found.iter().any(|it| it.place.starts_with("what was purged, in cold/")), "{found:?}");

    fs::write(&file, &whole).unwrap();
    store.purge(now()).await.unwrap();
    assert!(!file.exists(), "it was written anew");
    assert_eq!(store.damage().found, []);
    assert_eq!(written.lost(&store).await, BTreeSet::from([sound]), "the others are all there");
}

#[tokio::test]
async fn a_damaged_block_of_which_all_was_purged_is_dropped_unread() {
    let written = Written::new().await;
    let file = written.files()[0].clone();
    damage_one_block(&file);
    let store = open(written.folder.path());
    let lost = written.lost(&store).await;
    written.purge(&store, lost.iter().copied().collect()).await;
    store.purge(now()).await.unwrap();
    assert!(!file.exists(), "it was written anew");
    assert_eq!(written.lost(&store).await, lost);
    assert_eq!(store.damage().found, []);
}

/// Flips a bit in the middle of a segment; returns what is in the file then.
fn damage_one_block(file: &Path) -> Vec<u8> {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, &bytes).unwrap();
    bytes
}

/// Returns a whole segment of the same store under another number.
fn orphan_of(whole: &Path, number: u64) -> Vec<u8> {
    let mut bytes = fs::read(whole).unwrap();
    bytes[12..20].copy_from_slice(&number.to_le_bytes());
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..56]);
    bytes[56..64].copy_from_slice(&sum.to_le_bytes());
    bytes
}
