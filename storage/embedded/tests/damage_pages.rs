//! Pages that are lost under an open store: whatever page it is, lists, what changed and counts answer,
//! what is left out is named, and no page costs more than its own rows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::PathBuf,
    sync::Arc,
};

use appliance_core::{
    Batch, IdMint, Memory, MemoryId, MemoryKind, PageRequest, Provenance, SearchFilter, UserId,
    Write,
    ports::{Changed, Damaged, Memories as _, MemoryTiers as _, Records as _, StoreDamage as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, OpenError, Store};
use tempfile::TempDir;

const MILLIS: u64 = 1_793_000_000_000;

const MEMORIES: usize = 300;

const PAGE: usize = 4096;

/// Most rows of one page: of keys, which have 24 bytes and lead to 16.
const ROWS: usize = PAGE / (24 + 16);

/// The first byte of a page with rows.
const LEAF: u8 = 1;

/// A closed store with memories.
struct Kept {
    folder: TempDir,
    owner: UserId,
    ids: BTreeSet<MemoryId>,
    bytes: Vec<u8>,
}

/// What each way to memories shows.
struct Shown {
    list: BTreeSet<MemoryId>,
    told: BTreeSet<MemoryId>,
    counted: u64,
    /// Places, each with how many memories are left out because of it.
    named: BTreeMap<String, usize>,
}

impl Kept {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = open(&folder);
        let mint = IdMint::new(Arc::new(ManualClock::at_millis(MILLIS)), 0);
        let user = given::user(&mint);
        let owner = user.id;
        store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
        let mut ids = BTreeSet::new();
        for n in 0..MEMORIES {
            let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
            let text = format!("memory number {n}");
            let kept = Memory::new(id, owner, MemoryKind::Note, text, Provenance::default(), now);
            ids.insert(id);
            store.apply(Batch::new().write(Write::PutMemory(kept))).await.unwrap();
        }
        store.close();
        drop(store);
        let bytes = fs::read(folder.path().join("state.redb")).unwrap();
        Self { folder, owner, ids, bytes }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("state.redb")
    }

    /// Opens the whole file, then zeroes a page of it.
    fn open_and_lose(&self, page: usize) -> Store {
        fs::write(self.file(), &self.bytes).unwrap();
        let store = open(&self.folder);
        let file = File::options().write(true).open(self.file()).unwrap();
        file.write_all_at(&[0; PAGE], (page * PAGE) as u64).unwrap();
        store
    }

    /// Asks everything; nothing may be refused.
    async fn shown(&self, store: &Store, what: &str) -> Shown {
        let list = self.list(store, what).await;
        let told = self.told(store, what).await;
        let counts = store.counts(Some(self.owner)).await;
        let counts = counts.unwrap_or_else(|error| panic!("{what}: {error}"));
        store.counts(None).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let counted = counts.hot.values().sum::<u64>() + counts.warm + counts.cold;
        let mut named = BTreeMap::new();
        for it in store.damage().found {
            *named.entry(it.place).or_default() += usize::from(it.memory.is_some());
        }
        Shown { list, told, counted, named }
    }

    async fn list(&self, store: &Store, what: &str) -> BTreeSet<MemoryId> {
        let (mut list, mut after, all) = (BTreeSet::new(), None, SearchFilter::default());
        loop {
            let page = store.list(self.owner, &all, PageRequest::new(100, after)).await;
            let page = page.unwrap_or_else(|error| panic!("{what}: {error}"));
            for memory in page.items {
                assert!(list.insert(memory.id), "{what}: {} is there twice", memory.id);
            }
            after = page.next;
            if after.is_none() {
                return list;
            }
        }
    }

    async fn told(&self, store: &Store, what: &str) -> BTreeSet<MemoryId> {
        let (mut told, mut after) = (BTreeSet::new(), 0);
        loop {
            let changes = store.since(after, 100).await;
            let changes = changes.unwrap_or_else(|error| panic!("{what}: {error}"));
            let Some(last) = changes.last() else { return told };
            after = last.position;
            let live = changes.iter().filter(|it| matches!(it.now, Changed::Live(_)));
            told.extend(live.map(|change| change.id));
        }
    }
}

fn open(folder: &TempDir) -> Store {
    try_open(folder).unwrap()
}

fn try_open(folder: &TempDir) -> Result<Store, OpenError> {
    let dir = DataDir::open(folder.path())?;
    let clock = Arc::new(ManualClock::at_millis(MILLIS));
    Store::open(&dir, clock, appliance_tasks::Tasks::new())
}

#[tokio::test]
async fn a_page_that_is_lost_under_an_open_store_costs_its_rows_and_is_named() {
    let kept = Kept::new().await;
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for page in 1..kept.bytes.len() / PAGE {
        if kept.bytes[page * PAGE] != LEAF {
            continue;
        }
        let what = format!("page {page}");
        let store = kept.open_and_lose(page);
        let shown = kept.shown(&store, &what).await;
        assert!(shown.list.is_subset(&kept.ids) && shown.told.is_subset(&kept.ids), "{what}");
        let agree = shown.list == shown.told && shown.counted == shown.list.len() as u64;
        assert!(agree || !shown.named.is_empty(), "{what}: {} listed", shown.list.len());
        for (way, seen) in [("listed", &shown.list), ("told", &shown.told)] {
            let lost = kept.ids.len() - seen.len();
            assert!(lost == 0 || !shown.named.is_empty(), "{what}: {lost} not {way}");
            assert!(lost <= ROWS, "{what}: {lost} not {way}: {:?}", shown.named);
        }
        for (place, memories) in shown.named {
            let most = met.entry(place).or_default();
            *most = memories.max(*most);
        }
        store.close();
    }
    println!("{met:?}");
    for (table, names) in [
        ("memory_standing.v1", true),
        ("memories.v1", true),
        ("memory_changes.v2", false),
        ("memories_by_owner.v1", false),
    ] {
        let memories = met.get(table).unwrap_or_else(|| panic!("no page of {table} was met"));
        assert!(!names || *memories > 0, "{table}: whose memories are left out is named");
    }
}

#[tokio::test]
async fn a_table_of_keys_with_a_lost_page_is_filled_again_from_the_rows_at_the_start() {
    let kept = Kept::new().await;
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(MILLIS)), 0);
    let (mut refused, mut filled) = (0, BTreeSet::new());
    for page in (1..kept.bytes.len() / PAGE).filter(|page| kept.bytes[page * PAGE] == LEAF) {
        let what = format!("page {page}");
        let mut bytes = kept.bytes.clone();
        bytes[page * PAGE..][..PAGE].fill(0);
        fs::write(kept.file(), &bytes).unwrap();
        let Ok(store) = try_open(&kept.folder) else {
            refused += 1;
            assert!(fs::read(kept.file()).unwrap() == bytes, "{what}: it is left as it was");
            continue;
        };
        store.compare().await.unwrap();
        let of_changes = |it: &Damaged| it.what.contains("a page of memory_changes.v2");
        if store.damage().mended.iter().any(of_changes) {
            let again = store.since(MEMORIES as u64, MEMORIES).await.unwrap();
            assert_eq!(again.len(), MEMORIES, "{what}: all are told again");
        }
        let shown = kept.shown(&store, &what).await;
        assert!(shown.list == kept.ids && shown.told == kept.ids, "{what}: all are there");
        assert_eq!((shown.counted, shown.named.len()), (MEMORIES as u64, 0), "{what}");
        let (id, now) = (mint.next(MemoryId::from_uuid), mint.clock().now());
        let text = "memory number 7".to_owned();
        let again = Memory::new(id, kept.owner, MemoryKind::Note, text, Provenance::default(), now);
        let applied = store.apply(Batch::new().write(Write::PutMemory(again))).await.unwrap();
        assert!(kept.ids.contains(&applied.memories[0]), "{what}: the same said again is known");
        for mended in store.damage().mended {
            let named = mended.what.split_once("a page of ").and_then(|(_, it)| it.split_once(' '));
            filled.extend(named.map(|(table, _)| table.to_owned()));
        }
        store.close();
    }
    println!("{refused} refused, filled again: {filled:?}");
    for table in [
        "memories_by_form.v1",
        "memories_by_id.v1",
        "memories_by_owner.v1",
        "memories_by_shelf.v1",
        "memory_changes.v2",
        "memory_counts.v1",
    ] {
        assert!(filled.contains(table), "{table}: {filled:?}");
    }
    assert!(refused > 0, "rows that are lost are lost");
}
