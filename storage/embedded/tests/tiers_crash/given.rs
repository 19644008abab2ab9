//! What the crash tests start from: memories in all tiers, in segments that are whole, half dead and
//! pinned into, some of them forgotten; and what must be true of them at any moment.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use appliance_core::{
    ActionId, Batch, Clock as _, Deed, IdMint, Memory, MemoryAction, MemoryId, MemoryTier,
    PageRequest, SearchFilter, Timestamp, UserId, Write,
    ports::{Memories, MemoryTiers as _, Records as _, Users},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{ColdFile, DataDir, Store};
use tempfile::TempDir;

const START: u64 = 1_793_000_000_000;
const HOUR: Duration = Duration::from_secs(3_600);

/// The moves that are killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Hot to warm.
    Promote,
    /// Warm to cold.
    Archive,
    /// Cold to warm, a whole segment.
    Restore,
    /// A half-dead segment anew.
    Compact,
    /// Purges by age, and by size.
    Expire,
    /// Purges what was forgotten.
    Purge,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Promote, Self::Archive, Self::Restore, Self::Compact, Self::Expire, Self::Purge];

    /// Returns the name that the child is told.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Finds a move by its name.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|it| it.name() == name).unwrap()
    }
}

/// A store in a folder, and what is in it.
pub struct Given {
    folder: Option<TempDir>,
    owner: UserId,
    texts: BTreeMap<MemoryId, String>,
    groups: BTreeMap<&'static str, Vec<MemoryId>>,
}

/// Opens the store in `place`.
pub fn open(place: &Path) -> Store {
    let clock = Arc::new(ManualClock::at_millis(START + 10 * 3_600_000));
    Store::open(&DataDir::open(place).unwrap(), clock, appliance_tasks::Tasks::new()).unwrap()
}

/// Names of the groups, in the order they are put: 12 memories each.
const GROUPS: [&str; 10] = [
    "hot",
    "warm",
    "whole",     // a segment, archived third
    "half",      // a segment of which most was restored
    "restored",  // what was
    "aged",      // a segment, archived first
    "pinned",    // in it, and pinned
    "forgotten", // in another segment, with `beside`
    "beside",
    "near", // in a segment with a second copy of one of the forgotten
];

impl Given {
    /// Makes the store.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut given = runtime.block_on(make(folder.path()));
        given.folder = Some(folder);
        given
    }

    /// Reads what is in a copy from its folder.
    pub fn read(place: &Path) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = open(place);
        let owner = runtime.block_on(Users::first(&store)).unwrap().unwrap().id;
        drop((store, runtime));
        let listed = fs::read_to_string(place.join("groups")).unwrap();
        let mut groups: BTreeMap<&'static str, Vec<MemoryId>> = BTreeMap::new();
        for line in listed.lines() {
            let (group, id) = line.split_once(' ').unwrap();
            let group = GROUPS.iter().find(|name| **name == group).unwrap();
            groups.entry(group).or_default().push(id.parse().unwrap());
        }
        Self { folder: None, owner, texts: BTreeMap::new(), groups }
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Copies the folder.
    pub fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap();
        fs::create_dir(copy.path().join("cold")).unwrap();
        for name in ["state.redb", "groups"] {
            fs::copy(self.path().join(name), copy.path().join(name)).unwrap();
        }
        for entry in fs::read_dir(self.path().join("cold")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join("cold").join(entry.file_name())).unwrap();
        }
        copy
    }

    /// Makes the move.
    pub async fn make(&self, store: &Store, asked: Move) {
        let at = after(10);
        let made = match asked {
            Move::Promote => store.warm(self.group("hot"), at).await.map(|_| ()),
            Move::Archive => store.archive(self.group("warm"), at).await.map(|_| ()),
            Move::Restore => store.warm(self.group("whole"), at).await.map(|_| ()),
            Move::Compact => store.compact(at).await.map(|_| ()),
            Move::Expire => {
                store.expire(after(2), u64::MAX).await.unwrap();
                store.expire(after(2), 0).await.map(|_| ())
            }
            Move::Purge => store.purge(after(9)).await.map(|_| ()),
        };
        made.unwrap();
    }

    /// Checks what must be true whenever the process may have ended.
    pub async fn check(&self, store: &Store, place: &Path, asked: Move, what: &str) {
        let tiers = tiers(store, what).await;
        for (id, text) in &self.texts {
            if self.is_forgotten(*id) {
                assert!(!tiers.contains_key(id), "{what}: a forgotten memory is shown");
                assert_eq!(Memories::get(store, self.owner, *id).await.unwrap(), None, "{what}");
                continue;
            }
            let Some(tier) = tiers.get(id) else {
                assert!(self.may_go(*id, asked), "{what}: {text:?} is in no tier");
                assert_eq!(Memories::get(store, self.owner, *id).await.unwrap(), None, "{what}");
                continue;
            };
            let memory = Memories::get(store, self.owner, *id).await.unwrap();
            let memory = memory.unwrap_or_else(|| panic!("{what}: {text:?} is gone"));
            assert!(memory.text == *text && memory.tier == *tier, "{what}: {memory:?}");
        }
        self.check_views(store, &tiers, what).await;
        let (files, counts) = (files(place), store.counts(None).await.unwrap());
        assert_eq!(files.len() as u64, counts.segments, "{what}: files are left over: {files:?}");
    }

    /// Checks that list, counts and changes agree with the tiers.
    async fn check_views(&self, store: &Store, tiers: &BTreeMap<MemoryId, MemoryTier>, what: &str) {
        let listed = self.listed(store).await;
        let ids: BTreeSet<_> = listed.iter().copied().collect();
        assert_eq!(ids.len(), listed.len(), "{what}: one is listed twice");
        assert!(ids.iter().eq(tiers.keys()), "{what}: the list has others than the tiers");
        let counts = store.counts(None).await.unwrap();
        let of = |tier| tiers.values().filter(|is| **is == tier).count() as u64;
        let hot: u64 = counts.hot.values().sum();
        let found = (hot, counts.warm, counts.cold);
        assert_eq!(found, (of(MemoryTier::Hot), of(MemoryTier::Warm), of(MemoryTier::Cold)));
        let changes = store.since(0, 10_000).await.unwrap();
        let changed: BTreeSet<_> = changes.iter().map(|change| change.id).collect();
        assert_eq!(changed.len(), changes.len(), "{what}: one has two last changes");
        assert!(changed.iter().eq(self.texts.keys()), "{what}: a change is missing");
    }

    async fn listed(&self, store: &Store) -> Vec<MemoryId> {
        let (all, mut ids, mut after) = (SearchFilter::default(), Vec::new(), None);
        loop {
            let page = PageRequest::new(100, after);
            let page = Memories::list(store, self.owner, &all, page).await.unwrap();
            ids.extend(page.items.iter().map(|memory| memory.id));
            let Some(next) = page.next else { return ids };
            after = Some(next);
        }
    }

    /// Checks what must be true when the move has come to its end.
    pub async fn check_done(&self, store: &Store, place: &Path, asked: Move, what: &str) {
        self.check(store, place, asked, what).await;
        let tiers = tiers(store, what).await;
        let tier_of = |group: &str| -> HashSet<_> {
            self.group(group).iter().map(|id| tiers.get(id).copied()).collect()
        };
        let all_in = |tier| HashSet::from([Some(tier)]);
        match asked {
            Move::Promote => assert_eq!(tier_of("hot"), all_in(MemoryTier::Warm), "{what}"),
            Move::Archive => assert_eq!(tier_of("warm"), all_in(MemoryTier::Cold), "{what}"),
            Move::Restore => assert_eq!(tier_of("whole"), all_in(MemoryTier::Warm), "{what}"),
            Move::Compact => assert_eq!(tier_of("half"), all_in(MemoryTier::Cold), "{what}"),
            Move::Expire => {
                assert_eq!(tier_of("aged"), HashSet::from([None]), "{what}");
                assert_eq!(tier_of("whole"), HashSet::from([None]), "{what}");
                assert_eq!(tier_of("pinned"), all_in(MemoryTier::Cold), "{what}");
            }
            Move::Purge => self.check_purged(store, place, what).await,
        }
    }

    /// Checks that no file holds what was purged.
    async fn check_purged(&self, store: &Store, place: &Path, what: &str) {
        assert_eq!(store.counts(None).await.unwrap().forgotten, 0, "{what}");
        for file in files(place) {
            let file = ColdFile::open(&place.join("cold").join(file)).unwrap();
            for block in 0..file.blocks() {
                let read = file.memories(block).unwrap();
                assert!(
                    read.iter().all(|it| !self.is_forgotten(it.id)),
                    "{what}: it is still there"
                );
            }
        }
    }

    /// Returns whether a segment is half dead once the move is made: `half` was from the start.
    pub const fn left_to_compact(&self, asked: Move) -> Option<()> {
        match asked {
            Move::Compact | Move::Expire => None,
            _ => Some(()),
        }
    }

    fn group(&self, name: &str) -> &[MemoryId] {
        &self.groups[name]
    }

    fn is_forgotten(&self, id: MemoryId) -> bool {
        self.group("forgotten").contains(&id)
    }

    fn may_go(&self, id: MemoryId, asked: Move) -> bool {
        let going = ["aged", "whole", "half", "beside", "near"];
        asked == Move::Expire && going.iter().any(|group| self.group(group).contains(&id))
    }
}

async fn make(place: &Path) -> Given {
    let clock = Arc::new(ManualClock::at_millis(START));
    let store =
        Store::open(&DataDir::open(place).unwrap(), clock.clone(), appliance_tasks::Tasks::new())
            .unwrap();
    let mint = IdMint::new(clock.clone(), 0);
    let user = given::user(&mint);
    let owner = user.id;
    store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
    let (mut texts, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for group in GROUPS {
        let put: Vec<Memory> = (0..12).map(|n| memory(&mint, owner, group, n)).collect();
        let batch = put.iter().cloned().map(Write::PutMemory).collect();
        store.apply(Batch { writes: batch, ..Batch::new() }).await.unwrap();
        groups.insert(group, put.iter().map(|memory| memory.id).collect::<Vec<_>>());
        texts.extend(put.into_iter().map(|memory| (memory.id, memory.text)));
    }
    let rest: Vec<_> = GROUPS[1..].iter().flat_map(|group| groups[group].clone()).collect();
    store.warm(&rest, after(0)).await.unwrap();
    let segments: [&[&str]; 4] =
        [&["aged", "pinned"], &["half", "restored"], &["whole"], &["forgotten", "beside"]];
    for (hour, segment) in (1..).zip(segments) {
        clock.advance(HOUR);
        let ids: Vec<_> = segment.iter().flat_map(|group| groups[group].clone()).collect();
        store.archive(&ids, after(hour)).await.unwrap();
    }
    // A stray: one of the forgotten has a copy in a second segment.
    let stray = groups["forgotten"][0];
    store.warm(&[stray], after(5)).await.unwrap();
    let near = [&[stray], groups["near"].as_slice()].concat();
    store.archive(&near, after(5)).await.unwrap();
    store.warm(&groups["restored"], after(6)).await.unwrap();
    for id in &groups["pinned"] {
        act(&store, &mint, owner, Deed::Pin { id: *id, pinned: true }).await;
    }
    act(&store, &mint, owner, Deed::Forget { ids: groups["forgotten"].clone() }).await;
    store.close();
    let listed: String = groups
        .iter()
        .flat_map(|(group, ids)| ids.iter().map(move |id| format!("{group} {id}\n")))
        .collect();
    fs::write(place.join("groups"), listed).unwrap();
    Given { folder: None, owner, texts, groups }
}

async fn act(store: &Store, mint: &IdMint, owner: UserId, deed: Deed) {
    let (id, at) = (mint.next(ActionId::from_uuid), mint.clock().now());
    let action = MemoryAction { id, owner, deed, at, undone_at: None, task_id: None };
    store.apply(Batch::new().write(Write::ActOnMemory(action))).await.unwrap();
}

fn memory(mint: &IdMint, owner: UserId, group: &str, number: usize) -> Memory {
    let text = format!("{group} {number}: {} \u{1f980}\0", mint.uuid());
    given::memory(mint, owner, &text)
}

fn after(hours: u64) -> Timestamp {
    ManualClock::at_millis(START + hours * 3_600_000).now()
}

/// Returns which tier each memory is in, after checking that none is in two.
async fn tiers(store: &Store, what: &str) -> BTreeMap<MemoryId, MemoryTier> {
    let mut found = BTreeMap::new();
    for tier in MemoryTier::ALL {
        for resident in store.residents(tier, 0, 10_000).await.unwrap() {
            let other = found.insert(resident.id, tier);
            assert_eq!(other, None, "{what}: {} is in two tiers", resident.id);
        }
    }
    found
}

fn files(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place.join("cold")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
