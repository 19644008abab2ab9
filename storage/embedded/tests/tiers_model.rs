//! The tiers against a reference: random puts, moves, deeds, expiries, purges and restarts; and many
//! hands at once. The reference is a plain map.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use appliance_core::{
    ActionId, Batch, Clock as _, Deed, IdMint, Memory, MemoryAction, MemoryId, MemoryTier,
    Timestamp, UserId, Utility, Write,
    ports::{Changed, Memories as _, MemoryTiers as _, Records as _},
    time::ManualClock,
};
use proptest::prelude::*;
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

#[derive(Debug, Clone)]
enum Step {
    Put(u8),
    PutAnew(usize),
    Warm(u32),
    Archive(u32),
    Compact,
    Expire(u64),
    Purge(u64),
    Forget(usize),
    Undo(usize),
    Pin(usize, bool),
    Touch(usize),
    Pass(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..64_usize;
    let step = prop_oneof![
        6 => (1..12_u8).prop_map(Step::Put),
        1 => which.clone().prop_map(Step::PutAnew),
        6 => any::<u32>().prop_map(Step::Warm),
        6 => any::<u32>().prop_map(Step::Archive),
        3 => Just(Step::Compact),
        1 => (0..60_u64).prop_map(Step::Expire),
        2 => (0..20_u64).prop_map(Step::Purge),
        3 => which.clone().prop_map(Step::Forget),
        2 => which.clone().prop_map(Step::Undo),
        2 => (which.clone(), any::<bool>()).prop_map(|(at, pinned)| Step::Pin(at, pinned)),
        1 => which.prop_map(Step::Touch),
        3 => (1..30_u64).prop_map(Step::Pass),
        2 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..50)
}

/// What a memory should be.
#[derive(Debug, Clone)]
struct Kept {
    text: String,
    tier: MemoryTier,
    since: Timestamp,
    pinned: bool,
    forgotten: Option<(Timestamp, ActionId)>,
}

/// The store and the reference, side by side.
struct Pair {
    folder: TempDir,
    clock: Arc<ManualClock>,
    mint: IdMint,
    owner: UserId,
    store: Option<Store>,
    kept: BTreeMap<MemoryId, Kept>,
    ever: Vec<MemoryId>,
}

impl Pair {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let user = given::user(&mint);
        let owner = user.id;
        let (kept, ever) = (BTreeMap::new(), Vec::new());
        let mut pair = Self { folder, clock, mint, owner, store: None, kept, ever };
        pair.open();
        pair.write(Write::PutUser(user)).await;
        pair
    }

    fn open(&mut self) {
        let dir = DataDir::open(self.folder.path()).unwrap();
        self.store =
            Some(Store::open(&dir, self.clock.clone(), appliance_tasks::Tasks::new()).unwrap());
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn write(&self, write: Write) {
        self.store().apply(Batch::new().write(write)).await.unwrap();
    }

    /// Returns one of the memories that are there.
    fn pick(&self, at: usize) -> Option<MemoryId> {
        self.kept.keys().nth(at % self.kept.len().max(1)).copied()
    }

    /// Returns some of all that ever were.
    fn some(&self, mask: u32) -> Vec<MemoryId> {
        let picked = |at: &usize| (mask >> (at % 31)) & 1 == 1;
        (0..self.ever.len()).filter(picked).map(|at| self.ever[at]).collect()
    }

    async fn run(&mut self, step: Step) {
        let now = self.now();
        match step {
            Step::Put(count) => self.put(count).await,
            Step::PutAnew(at) => self.put_anew(at).await,
            Step::Warm(mask) => {
                let ids = self.some(mask);
                let moved = self.store().warm(&ids, now).await.unwrap().memories;
                let is_away = |it: &Kept| it.tier != MemoryTier::Warm && it.forgotten.is_none();
                assert_eq!(moved, self.shift(&ids, MemoryTier::Warm, is_away));
            }
            Step::Archive(mask) => {
                let ids = self.some(mask);
                let moved = self.store().archive(&ids, now).await.unwrap().memories;
                let may_go =
                    |it: &Kept| it.tier == MemoryTier::Warm && !it.pinned && it.forgotten.is_none();
                assert_eq!(moved, self.shift(&ids, MemoryTier::Cold, may_go));
            }
            Step::Compact => while self.store().compact(now).await.unwrap().is_some() {},
            Step::Expire(hours) => {
                let oldest = earlier(now, hours);
                let gone = self.store().expire(oldest, u64::MAX).await.unwrap().memories;
                let is_old =
                    |it: &Kept| it.tier == MemoryTier::Cold && !it.pinned && it.since < oldest;
                assert_eq!(gone, self.drop_where(is_old));
            }
            Step::Purge(hours) => {
                let before = earlier(now, hours);
                let gone = self.store().purge(before).await.unwrap().memories;
                let is_due = |it: &Kept| it.forgotten.is_some_and(|(at, _)| at < before);
                assert_eq!(gone, self.drop_where(is_due));
            }
            Step::Forget(at) => self.forget(at).await,
            Step::Undo(at) => self.undo(at).await,
            Step::Pin(at, pinned) => self.pin(at, pinned).await,
            Step::Touch(at) => {
                let touched = self.pick(at).map(|id| (id, 1, Utility::MOST)).into_iter().collect();
                self.write(Write::TouchMemories { owner: self.owner, touched, at: now }).await;
            }
            Step::Pass(hours) => self.clock.advance(Duration::from_secs(hours * 3_600)),
            Step::Reopen => {
                let store = self.store.take().unwrap();
                store.close();
                drop(store);
                self.open();
            }
        }
    }

    fn shift(&mut self, ids: &[MemoryId], to: MemoryTier, may: impl Fn(&Kept) -> bool) -> u64 {
        let (now, mut moved) = (self.now(), 0);
        for id in ids {
            let Some(it) = self.kept.get_mut(id).filter(|it| may(it)) else { continue };
            (it.tier, it.since, moved) = (to, now, moved + 1);
        }
        moved
    }

    fn drop_where(&mut self, gone: impl Fn(&Kept) -> bool) -> u64 {
        let before = self.kept.len();
        self.kept.retain(|_, it| !gone(it));
        (before - self.kept.len()) as u64
    }

    async fn put(&mut self, count: u8) {
        for _ in 0..count {
            let text = format!("{} is worth {}", self.mint.uuid(), "keeping ".repeat(20));
            self.put_memory(given::memory(&self.mint, self.owner, &text)).await;
        }
    }

    async fn put_anew(&mut self, at: usize) {
        let Some(id) = self.pick(at).filter(|id| self.kept[id].forgotten.is_none()) else { return };
        let text = format!("{} took its place", self.mint.uuid());
        let memory = Memory { id, ..given::memory(&self.mint, self.owner, &text) };
        self.put_memory(memory).await;
    }

    async fn put_memory(&mut self, memory: Memory) {
        self.write(Write::PutMemory(memory.clone())).await;
        let stored = self.store().get(self.owner, memory.id).await.unwrap().unwrap();
        let kept = Kept {
            text: memory.text,
            tier: MemoryTier::Hot,
            since: stored.standing.tier_since,
            pinned: stored.standing.pinned,
            forgotten: None,
        };
        if self.kept.insert(memory.id, kept).is_none() {
            self.ever.push(memory.id);
        }
    }

    async fn act(&self, deed: Deed) -> ActionId {
        let (id, at) = (self.mint.next(ActionId::from_uuid), self.now());
        let owner = self.owner;
        self.write(Write::ActOnMemory(MemoryAction {
            id,
            owner,
            deed,
            at,
            undone_at: None,
            task_id: None,
        }))
        .await;
        id
    }

    async fn forget(&mut self, at: usize) {
        let Some(id) = self.pick(at).filter(|id| self.kept[id].forgotten.is_none()) else { return };
        let action = self.act(Deed::Forget { ids: vec![id] }).await;
        let now = self.now();
        self.kept.get_mut(&id).unwrap().forgotten = Some((now, action));
    }

    async fn undo(&mut self, at: usize) {
        let hidden: Vec<_> = self.kept.values_mut().filter(|it| it.forgotten.is_some()).collect();
        let len = hidden.len().max(1);
        let Some(it) = hidden.into_iter().nth(at % len) else { return };
        let (_, id) = it.forgotten.take().unwrap();
        let (owner, at) = (self.owner, self.clock.now());
        self.write(Write::UndoMemoryAction { id, owner, at }).await;
    }

    async fn pin(&mut self, at: usize, pinned: bool) {
        let Some(id) = self.pick(at).filter(|id| self.kept[id].forgotten.is_none()) else { return };
        self.act(Deed::Pin { id, pinned }).await;
        self.kept.get_mut(&id).unwrap().pinned = pinned;
    }

    /// Compares everything that can be seen.
    async fn compare(&self) {
        let store = self.store();
        let mut resident = BTreeMap::new();
        for tier in MemoryTier::ALL {
            for it in store.residents(tier, 0, 10_000).await.unwrap() {
                let seen = (tier, it.tier_since, it.pinned);
                assert!(resident.insert(it.id, seen).is_none(), "{} is in two tiers", it.id);
            }
        }
        for id in &self.ever {
            let kept = self.kept.get(id).filter(|it| it.forgotten.is_none());
            let expected = kept.map(|it| (it.tier, it.since, it.pinned));
            assert_eq!(resident.remove(id), expected, "{id}");
            let found = store.get(self.owner, *id).await.unwrap();
            assert_eq!(found.map(|memory| memory.text), kept.map(|it| it.text.clone()));
        }
        assert!(resident.is_empty());
        let counts = store.counts(None).await.unwrap();
        let forgotten = self.kept.values().filter(|it| it.forgotten.is_some()).count();
        assert_eq!(counts.forgotten, forgotten as u64);
        assert_eq!(counts.segments as usize, self.files(), "a file is left over or missing");
        self.compare_changes().await;
    }

    async fn compare_changes(&self) {
        let changes = self.store().since(0, 10_000).await.unwrap();
        let told: BTreeMap<_, _> = changes.iter().map(|it| (it.id, &it.now)).collect();
        assert_eq!((told.len(), changes.len()), (self.ever.len(), self.ever.len()));
        for (id, now) in told {
            let kept = self.kept.get(&id).filter(|it| it.forgotten.is_none());
            match (kept, now) {
                (None, Changed::Gone) => {}
                (Some(it), Changed::Archived) => assert_eq!(it.tier, MemoryTier::Cold),
                (Some(it), Changed::Live(memory)) => {
                    assert_eq!((&it.text, it.tier), (&memory.text, memory.tier));
                }
                (kept, now) => assert_eq!(kept.is_some(), now != &Changed::Gone, "{id}: {now:?}"),
            }
        }
    }

    fn files(&self) -> usize {
        fs::read_dir(self.folder.path().join("cold")).map_or(0, Iterator::count)
    }
}

fn earlier(now: Timestamp, hours: u64) -> Timestamp {
    Timestamp::from_unix_micros(now.unix_micros() - i64::try_from(hours * 3_600_000_000).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_tiers_are_what_a_plain_map_would_be(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            for step in steps {
                pair.run(step).await;
            }
            // A put or a deed leaves a dead file to the next step of maintenance.
            pair.run(Step::Compact).await;
            pair.compare().await;
            pair.run(Step::Reopen).await;
            pair.compare().await;
        });
    }
}

/// Reads, writes and moves at once: no read ever fails or shows another text, and at the end each
/// memory is in one tier.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_hands_at_once_lose_nothing() {
    let mut pair = Pair::new().await;
    pair.put(120).await;
    let (store, ids) = (pair.store().clone(), pair.ever.clone());
    let mut hands = Vec::new();
    for hand in 0..4_usize {
        let (store, ids, kept, owner) = (store.clone(), ids.clone(), pair.kept.clone(), pair.owner);
        let at = pair.now();
        hands.push(tokio::spawn(async move {
            for round in 0..60 {
                let id = ids[(round * 37 + hand * 11) % ids.len()];
                let memory = store.get(owner, id).await.unwrap().unwrap();
                assert_eq!(memory.text, kept[&id].text);
                let touched = vec![(id, 1, Utility::MOST)];
                let touch = Write::TouchMemories { owner, touched, at };
                store.apply(Batch::new().write(touch)).await.unwrap();
            }
        }));
    }
    for round in 0..30 {
        let half: Vec<_> = ids.iter().skip(round % 2).step_by(2).copied().collect();
        store.warm(&ids, pair.now()).await.unwrap();
        store.archive(&half, pair.now()).await.unwrap();
        store.archive(&ids, pair.now()).await.unwrap();
        store.warm(&half[..40], pair.now()).await.unwrap();
        store.compact(pair.now()).await.unwrap();
    }
    for hand in hands {
        hand.await.unwrap();
    }
    store.warm(&ids, pair.now()).await.unwrap();
    pair.shift(&ids, MemoryTier::Warm, |_| true);
    for it in store.residents(MemoryTier::Warm, 0, 1_000).await.unwrap() {
        pair.kept.get_mut(&it.id).unwrap().since = it.tier_since;
    }
    pair.compare().await;
    assert_eq!(pair.files(), 0);
}
