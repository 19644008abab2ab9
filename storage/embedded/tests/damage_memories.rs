//! One flipped byte in a row that memories are kept by, or in the archive: everything else goes on,
//! and what is left out is named or made anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use appliance_core::{
    Batch, IdMint, Memory, MemoryId, MemoryKind, PageRequest, Provenance, SearchFilter, UserId,
    Utility, Write,
    ports::{
        Changed, Compared, Damaged, Deeds as _, Memories as _, MemoryTiers as _, Records as _,
        StoreDamage as _,
    },
    time::ManualClock,
};
use appliance_tasks::Tasks as Home;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const MILLIS: u64 = 1_793_000_000_000;

/// A closed store with a few memories, one of them archived.
struct Kept {
    folder: TempDir,
    owner: UserId,
    ids: Vec<MemoryId>,
    bytes: Vec<u8>,
}

/// What each way to memories shows.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    list: BTreeSet<MemoryId>,
    told: BTreeSet<MemoryId>,
    done_to: BTreeSet<MemoryId>,
    counted: u64,
    named: Vec<Damaged>,
}

type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

impl Kept {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (store, mint) = open(folder.path());
        let user = given::user(&mint);
        let owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
        let mut ids = Vec::new();
        for n in 0..4 {
            let memory = note(&mint, owner, &format!("memory number {n}"));
            ids.push(memory.id);
            store.apply(Batch::new().write(Write::PutMemory(memory))).await.unwrap();
        }
        store.warm(&ids[3..], mint.clock().now()).await.unwrap();
        store.archive(&ids[3..], mint.clock().now()).await.unwrap();
        store.close();
        drop(store);
        let bytes = fs::read(folder.path().join("state.redb")).unwrap();
        Self { folder, owner, ids, bytes }
    }

    /// Returns the rows of a table.
    fn rows(&self, table: &'static str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let db = self.raw();
        let rows = db.begin_read().unwrap().open_table(Raw::new(table)).unwrap();
        let rows = rows.iter().unwrap().map(|row| {
            let (key, value) = row.unwrap();
            (key.value().to_vec(), value.value().to_vec())
        });
        rows.collect()
    }

    /// Puts the file as it was written, with `change` made to one table.
    fn damage(&self, table: &'static str, key: &[u8], to: (&[u8], &[u8])) {
        let db = self.raw();
        let txn = db.begin_write().unwrap();
        {
            let mut rows = txn.open_table(Raw::new(table)).unwrap();
            rows.remove(key).unwrap();
            rows.insert(to.0, to.1).unwrap();
        }
        txn.commit().unwrap();
    }

    fn raw(&self) -> Database {
        let file = self.folder.path().join("state.redb");
        fs::write(&file, &self.bytes).unwrap();
        Database::create(file).unwrap()
    }

    async fn shown(&self, store: &Store) -> Shown {
        let (page, all) = (PageRequest::new(100, None), SearchFilter::default());
        let list = store.list(self.owner, &all, page).await.unwrap();
        let mut told = BTreeSet::new();
        for change in store.since(0, 100).await.unwrap() {
            match change.now {
                Changed::Live(_) => drop(told.insert(change.id)),
                Changed::Archived => {
                    let found = store.get_sound(self.owner, change.id).await.unwrap();
                    told.extend(found.map(|memory| memory.id));
                }
                Changed::Gone | Changed::Damaged { .. } => {}
            }
        }
        let done_to = store.done_to(self.owner, &self.ids).await.unwrap();
        let counts = store.counts(Some(self.owner)).await.unwrap();
        Shown {
            list: list.items.into_iter().map(|memory| memory.id).collect(),
            told,
            done_to: done_to.into_iter().map(|memory| memory.id).collect(),
            counted: counts.hot.values().sum::<u64>() + counts.warm + counts.cold,
            named: store.damage().found,
        }
    }

    /// Opens, compares, and checks that every way shows the same, or that what is missing is named.
    async fn check(&self, what: &str) -> (Shown, u64) {
        let (store, mint) = open(self.folder.path());
        store.compare().await.unwrap();
        let Compared::Done { mended } = store.damage().compared else {
            panic!("{what}: {:?}", store.damage())
        };
        let shown = self.shown(&store).await;
        assert_eq!(shown.list, shown.told, "{what}: list and search");
        assert_eq!(shown.list, shown.done_to, "{what}: list and what deeds are told by");
        for id in self.ids.iter().filter(|id| !shown.list.contains(id)) {
            let named = shown.named.iter().any(|damaged| damaged.memory == Some(*id));
            assert!(named, "{what}: {id} is missing and not named: {:?}", shown.named);
        }
        let all = shown.counted == shown.list.len() as u64;
        assert!(all || !shown.named.is_empty(), "{what}: counted {shown:?}");
        let held = self.go_on(&store, &mint, what).await;
        let whole = shown.list.len() == self.ids.len() && shown.named.is_empty();
        assert!(!whole || held == self.ids, "{what}: the same said again is known");
        (shown, mended)
    }

    /// What a person and a search do next is taken; returns who holds the texts that were there.
    async fn go_on(&self, store: &Store, mint: &IdMint, what: &str) -> Vec<MemoryId> {
        let (owner, at) = (self.owner, mint.clock().now());
        let touched = self.ids.iter().map(|id| (*id, 1, Utility::MOST)).collect();
        let mut batch = Batch::new().write(Write::TouchMemories { owner, touched, at });
        for n in 0..5 {
            batch.writes.push(Write::PutMemory(note(mint, owner, &format!("memory number {n}"))));
        }
        let applied = store.apply(batch).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = store.get_sound(owner, applied.memories[4]).await.unwrap();
        assert!(found.is_some(), "{what}: a new memory is there");
        store.since(0, 100).await.unwrap();
        store.close();
        applied.memories[..4].to_vec()
    }
}

fn note(mint: &IdMint, owner: UserId, text: &str) -> Memory {
    let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
    Memory::new(id, owner, MemoryKind::Note, text.to_owned(), Provenance::default(), now)
}

fn open(folder: &Path) -> (Store, IdMint) {
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    let dir = DataDir::open(folder).unwrap();
    let store = Store::open(&dir, clock.clone(), Home::new()).unwrap();
    let mint = IdMint::new(clock, store.newest_millis());
    (store, mint)
}

/// Tables whose rows follow from others: whatever happens to one, nothing is missing.
const DERIVED: [&str; 7] = [
    "memory_changes.v2",
    "memories_by_id.v1",
    "memories_by_owner.v1",
    "memories_by_shelf.v1",
    "memories_by_segment.v2",
    "memories_by_form.v1",
    "memory_counts.v1",
];

#[tokio::test]
async fn any_flipped_byte_of_a_derived_row_is_mended() {
    let kept = Kept::new().await;
    for table in DERIVED {
        let rows = kept.rows(table);
        let (key, value) = &rows[rows.len() / 2];
        for at in 0..value.len() {
            let mut flipped = value.clone();
            flipped[at] ^= 1 << (at % 8);
            kept.damage(table, key, (key, &flipped));
            let what = format!("{table}, byte {at} of the value");
            let (shown, mended) = kept.check(&what).await;
            assert_eq!((shown.list.len(), shown.counted), (4, 4), "{what}");
            assert!(mended > 0 && shown.named.is_empty(), "{what}: {mended} {:?}", shown.named);
        }
        for at in 0..key.len() {
            let mut flipped = key.clone();
            flipped[at] ^= 1 << (at % 8);
            kept.damage(table, key, (&flipped, value));
            let what = format!("{table}, byte {at} of the key");
            let (shown, mended) = kept.check(&what).await;
            assert_eq!((shown.list.len(), shown.counted), (4, 4), "{what}");
            assert!(mended > 0 && shown.named.is_empty(), "{what}: {mended} {:?}", shown.named);
        }
    }
}

#[tokio::test]
async fn any_flipped_byte_of_a_memory_leaves_it_out_and_names_it() {
    let kept = Kept::new().await;
    for table in ["memories.v1", "memory_standing.v1"] {
        let rows = kept.rows(table);
        let (key, value) = &rows[1];
        for at in 0..value.len() {
            let mut flipped = value.clone();
            flipped[at] ^= 1 << (at % 8);
            kept.damage(table, key, (key, &flipped));
            let what = format!("{table}, byte {at} of the value");
            let (shown, _) = kept.check(&what).await;
            assert_eq!(shown.list.len(), 3, "{what}");
        }
        for at in 0..key.len() {
            let mut flipped = key.clone();
            flipped[at] ^= 1 << (at % 8);
            kept.damage(table, key, (&flipped, value));
            let what = format!("{table}, byte {at} of the key");
            let (shown, _) = kept.check(&what).await;
            assert_eq!(shown.list.len(), 3, "{what}");
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_of_the_archive_leaves_out_what_is_in_the_block() {
    let kept = Kept::new().await;
    let segment = fs::read_dir(kept.folder.path().join("cold")).unwrap().next().unwrap().unwrap();
    let mut bytes = fs::read(segment.path()).unwrap();
    bytes[98] ^= 1 << 6;
    fs::write(segment.path(), bytes).unwrap();
    let (shown, _) = kept.check("byte 98 of a segment").await;
    assert_eq!(shown.list, kept.ids[..3].iter().copied().collect());
    let [damaged] = &shown.named[..] else { panic!("{:?}", shown.named) };
    assert_eq!(damaged.memory, Some(kept.ids[3]));
    assert!(damaged.place.starts_with("cold/"), "{damaged:?}");
}

#[tokio::test]
async fn a_text_whose_archived_copy_is_damaged_is_kept_anew() {
    let kept = Kept::new().await;
    let segment = fs::read_dir(kept.folder.path().join("cold")).unwrap().next().unwrap().unwrap();
    let (store, mint) = open(kept.folder.path());
    let again = || Batch::new().write(Write::PutMemory(note(&mint, kept.owner, "memory number 3")));
    let known = store.apply(again()).await.unwrap().memories;
    assert_eq!(known, kept.ids[3..], "it can be read, and is known");
    store.close();
    drop(store);

    let mut bytes = fs::read(segment.path()).unwrap();
    bytes[98] ^= 1 << 6;
    fs::write(segment.path(), bytes).unwrap();
    let (store, mint) = open(kept.folder.path());
    let again = || Batch::new().write(Write::PutMemory(note(&mint, kept.owner, "memory number 3")));
    let anew = store.apply(again()).await.unwrap().memories;
    assert_ne!(anew, kept.ids[3..], "it is kept anew");
    let found = store.get_sound(kept.owner, anew[0]).await.unwrap().unwrap();
    assert_eq!(found.text, "memory number 3");
    assert_eq!(store.apply(again()).await.unwrap().memories, anew, "and known from then on");
}

#[tokio::test]
async fn a_segment_that_the_system_cannot_read_is_missed_only_for_so_long() {
    let kept = Kept::new().await;
    let cold = kept.folder.path().join("cold");
    let segment = fs::read_dir(&cold).unwrap().next().unwrap().unwrap().path();
    let aside = kept.folder.path().join("aside");
    fs::rename(&segment, &aside).unwrap();
    fs::create_dir(&segment).unwrap(); // it opens, and reading it is refused
    let (store, mint) = open(kept.folder.path());
    let at = mint.clock().now();
    assert_eq!(store.damage().code(), "damaged", "said before anybody reads");

    let shown = kept.shown(&store).await;
    assert_eq!(shown.list, kept.ids[..3].iter().copied().collect());
    assert_eq!((&shown.told, shown.counted), (&shown.list, 4), "nothing is deleted because of it");
    let named = shown.named.iter().find(|it| it.memory == Some(kept.ids[3])).unwrap();
    assert!(named.place.starts_with("cold/0000000000000001.seg"), "{named:?}");
    assert!(named.what.contains("a folder stands in the place of a file"), "{named:?}");
    assert_eq!(store.compact(at).await.unwrap(), None);
    assert!(segment.is_dir(), "it is left alone");

    fs::remove_dir(&segment).unwrap();
    fs::rename(&aside, &segment).unwrap();
    store.compact(at).await.unwrap();
    assert_eq!(store.damage().found, [], "the maintenance looks again");
    let shown = kept.shown(&store).await;
    assert_eq!(shown.list, kept.ids.iter().copied().collect());
    assert_eq!(shown.named, []);
}

#[tokio::test]
async fn what_is_whole_is_compared_and_left_alone() {
    let kept = Kept::new().await;
    let (shown, mended) = kept.check("whole").await;
    assert_eq!((shown.list.len(), shown.counted, mended), (4, 4, 0));
    assert!(shown.named.is_empty());
}

/// Prints how long comparing takes. Run by hand with `--ignored --nocapture`.
#[tokio::test]
#[ignore = "a figure, not a rule"]
async fn how_long_comparing_50_000_memories_takes() {
    let folder = TempDir::new().unwrap();
    let (store, mint) = open(folder.path());
    let user = given::user(&mint);
    let owner = user.id;
    store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
    for page in 0..100 {
        let text = |n| format!("memory number {page} {n} {}", "and what it says ".repeat(12));
        let put = |n| Write::PutMemory(note(&mint, owner, &text(n)));
        store.apply(Batch { writes: (0..500).map(put).collect(), ..Batch::new() }).await.unwrap();
    }
    store.close();
    drop(store);
    let (store, _) = open(folder.path());
    let began = std::time::Instant::now();
    store.compare().await.unwrap();
    println!("50,000 memories compared in {:?}: {:?}", began.elapsed(), store.damage());
}
