//! Memories under random changes: after every one, what is kept in step is recounted from the rows.
//!
//! Holds no second implementation of what a change does, only what must be true whatever was done:
//! one standing and one place in the log a memory, shelves and counts that add up, a form held only
//! by who says it and still holds, and segments that know who is in them.

use std::collections::{BTreeMap, BTreeSet};

use appliance_core::{
    ActionId, Deed, Memory, MemoryAction, MemoryId, MemoryKind, MemoryTier, Provenance, Signal,
    SignalId, SignalType, Utility,
};
use proptest::prelude::*;

use storage_rules::{
    Fault, Read as _, Span, View,
    memories::{
        self, BY_POSITION, BY_SHELF, Body, Entry, Gone, STANDING, Spot, Stand, forms::Held,
    },
    trailing_seq,
};

use super::*;
use crate::engine::Job;

const TEXTS: [&str; 4] = ["the port is 1", "The port is 1!", "the port is 2", "the port is 3"];

/// What may happen; numbers pick among the memories and deeds there have been so far.
#[derive(Debug, Clone)]
enum Step {
    Put(usize),
    PutAgain(usize, usize),
    Forget(usize, usize),
    Correct(usize, usize),
    Pin(usize, bool),
    Undo(usize),
    Touch(usize),
    Rate(usize, i32),
    Settle(usize, MemoryTier, u64),
    Relocate(usize, u64),
    Purge(usize),
    Restart,
}

fn a_step() -> impl Strategy<Value = Step> {
    let (one, text) = (0..40_usize, 0..TEXTS.len());
    let tier = prop::sample::select(MemoryTier::ALL.to_vec());
    prop_oneof![
        4 => text.clone().prop_map(Step::Put),
        1 => (one.clone(), text.clone()).prop_map(|(n, text)| Step::PutAgain(n, text)),
        2 => (one.clone(), one.clone()).prop_map(|(n, m)| Step::Forget(n, m)),
        2 => (one.clone(), text).prop_map(|(n, text)| Step::Correct(n, text)),
        1 => (one.clone(), any::<bool>()).prop_map(|(n, pinned)| Step::Pin(n, pinned)),
        3 => one.clone().prop_map(Step::Undo),
        1 => one.clone().prop_map(Step::Touch),
        1 => (one.clone(), -10_000..=10_000).prop_map(|(n, moved)| Step::Rate(n, moved)),
        4 => (one.clone(), tier, 0..3_u64).prop_map(|(n, tier, at)| Step::Settle(n, tier, at)),
        1 => (one.clone(), 0..3_u64).prop_map(|(n, segment)| Step::Relocate(n, segment)),
        1 => one.prop_map(Step::Purge),
        1 => Just(Step::Restart),
    ]
}

/// A bench and what there has been on it.
struct World {
    bench: Bench,
    ids: Vec<MemoryId>,
    deeds: Vec<ActionId>,
    purged: BTreeSet<MemoryId>,
}

impl World {
    fn new() -> Self {
        let (ids, deeds, purged) = (Vec::new(), Vec::new(), BTreeSet::new());
        Self { bench: Bench::new(), ids, deeds, purged }
    }

    fn pick(&self, number: usize) -> Option<MemoryId> {
        (!self.ids.is_empty()).then(|| self.ids[number % self.ids.len()])
    }

    fn memory(&self, id: MemoryId, text: usize) -> Memory {
        let (now, text) = (self.bench.clock.now(), TEXTS[text].to_owned());
        Memory::new(id, self.bench.owner, MemoryKind::Said, text, Provenance::default(), now)
    }

    fn new_id(&mut self) -> MemoryId {
        let id = self.bench.mint.next(MemoryId::from_uuid);
        self.ids.push(id);
        id
    }

    /// Does one step; a refusal is an answer like any other.
    fn go(&mut self, step: Step) {
        let (owner, at) = (self.bench.owner, self.bench.clock.now());
        let write = match step {
            Step::Put(text) => {
                let id = self.new_id();
                Some(Write::PutMemory(self.memory(id, text)))
            }
            Step::PutAgain(n, text) => {
                self.pick(n).map(|id| Write::PutMemory(self.memory(id, text)))
            }
            Step::Forget(n, m) => self
                .pick(n)
                .zip(self.pick(m))
                .map(|(one, two)| self.act(Deed::Forget { ids: vec![one, two] })),
            Step::Correct(n, text) => self.pick(n).map(|old| {
                let id = self.new_id();
                let new = Box::new(self.memory(id, text));
                self.act(Deed::Correct { old, new })
            }),
            Step::Pin(n, pinned) => self.pick(n).map(|id| self.act(Deed::Pin { id, pinned })),
            Step::Undo(n) => (!self.deeds.is_empty()).then(|| Write::UndoMemoryAction {
                id: self.deeds[n % self.deeds.len()],
                owner,
                at,
            }),
            Step::Touch(n) => self.pick(n).map(|id| Write::TouchMemories {
                owner,
                touched: vec![(id, 1, Utility::MOST)],
                at,
            }),
            Step::Rate(n, moved) => self.pick(n).map(|id| Write::PutSignal(self.signal(id, moved))),
            moving => return self.move_about(&moving),
        };
        if let Some(write) = write {
            let _ = self.bench.one(Batch::new().write(write));
        }
    }

    fn act(&mut self, deed: Deed) -> Write {
        let id = self.bench.mint.next(ActionId::from_uuid);
        self.deeds.push(id);
        let (owner, at) = (self.bench.owner, self.bench.clock.now());
        Write::ActOnMemory(MemoryAction { id, owner, deed, at, undone_at: None, task_id: None })
    }

    fn signal(&self, id: MemoryId, moved: i32) -> Signal {
        Signal {
            id: self.bench.mint.next(SignalId::from_uuid),
            owner: self.bench.owner,
            kind: SignalType::UserRating,
            strength: 0,
            rating: None,
            comment: None,
            task_id: None,
            message_id: None,
            memories: vec![id],
            moved,
            at: self.bench.clock.now(),
        }
    }

    fn move_about(&mut self, step: &Step) {
        let at = self.bench.clock.now();
        let job: Job = match *step {
            Step::Restart => return self.bench.restart(1),
            Step::Settle(n, tier, segment) => {
                let Some(id) = self.pick(n) else { return };
                Box::new(move |draft| {
                    let Some(entry) = memories::look(draft, id)? else { return Ok(()) };
                    let body = match (tier, &entry.row.body) {
                        (MemoryTier::Cold, _) => Some(Body::Archived(spot(segment))),
                        (_, Body::Archived(_)) => Some(Body::Here("the port is 1".to_owned())),
                        (_, Body::Here(_) | Body::Said(_)) => None,
                    };
                    Ok(memories::settle(draft, entry, tier, body, at)?)
                })
            }
            Step::Relocate(n, segment) => {
                let Some(id) = self.pick(n) else { return };
                Box::new(move |draft| {
                    let archived = |entry: &Entry| matches!(entry.row.body, Body::Archived(_));
                    let Some(entry) = memories::look(draft, id)?.filter(archived) else {
                        return Ok(());
                    };
                    Ok(memories::relocate(draft, &entry, spot(segment))?)
                })
            }
            Step::Purge(n) => {
                let Some(id) = self.pick(n) else { return };
                self.purged.insert(id);
                Box::new(move |draft| match memories::look(draft, id)? {
                    Some(entry) => Ok(memories::purge(draft, &entry)?),
                    None => Ok(()),
                })
            }
            _ => return,
        };
        self.bench.engine.run(job).unwrap();
    }

    fn check(&self) {
        let latest = self.bench.shared.latest_memory.load(Ordering::Acquire);
        self.bench
            .shared
            .read("test", |file| Ok(check(file, latest, &self.purged)))
            .unwrap()
            .unwrap();
    }
}

const fn spot(segment: u64) -> Spot {
    Spot { segment, block: 0, slot: 0 }
}

/// Recounts from the rows what is kept in step with them.
fn check(file: &dyn View, latest: u64, purged: &BTreeSet<MemoryId>) -> Result<(), Fault> {
    let mut entries = BTreeMap::new();
    for met in file.walk::<Stand>(Span::all()) {
        let id = met?.row?.id;
        entries.insert(id, memories::find(file, id)?.unwrap());
    }
    check_log(file, &entries, latest, purged)?;
    check_shelves(file, &entries)?;
    check_segments(file, &entries)?;
    check_forms(file, &entries)
}

fn check_log(
    file: &dyn View,
    entries: &BTreeMap<MemoryId, Entry>,
    latest: u64,
    purged: &BTreeSet<MemoryId>,
) -> Result<(), Fault> {
    let (mut positions, mut last) = (BTreeMap::new(), 0);
    for (at, id) in file.places(&STANDING, &BY_POSITION, &Span::all(), usize::MAX)? {
        last = trailing_seq(&at);
        let was = positions.insert(MemoryId::from_bytes(id?.try_into().unwrap()), last);
        assert_eq!(was, None, "only its last change is kept");
    }
    for met in file.walk::<Gone>(Span::all()) {
        let gone = met?.row?;
        assert!(purged.contains(&gone.id));
        last = last.max(gone.position);
    }
    assert_eq!(last, latest, "the last change is where `latest` is");
    for (id, entry) in entries {
        assert_eq!(positions[id], entry.stand.position);
        assert!(entry.stand.text_at <= entry.stand.position && entry.stand.text_at > 0);
        assert_eq!(entry.stand.tier == MemoryTier::Cold, is_archived(entry));
    }
    Ok(())
}

fn check_shelves(file: &dyn View, entries: &BTreeMap<MemoryId, Entry>) -> Result<(), Fault> {
    let (mut shelves, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for (at, id) in file.places(&STANDING, &BY_SHELF, &Span::all(), usize::MAX)? {
        assert!(shelves.insert((at[0], trailing_seq(&at), id?)));
    }
    let mut counted = [0_u64; 4];
    for (id, entry) in entries {
        let tier = MemoryTier::ALL.iter().position(|tier| *tier == entry.stand.tier).unwrap();
        let shelf = if entry.stand.is_forgotten() { 3 } else { tier };
        counted[shelf] += 1;
        wanted.insert((u8::try_from(shelf).unwrap(), entry.row.head.seq, id.bytes().to_vec()));
    }
    assert_eq!(shelves, wanted);
    let owner = entries.values().next().map(|entry| entry.row.head.owner);
    for whose in [None, owner] {
        let counts = memories::counts(file, whose)?;
        let hot = counts.hot.values().sum();
        assert_eq!([hot, counts.warm, counts.cold, counts.forgotten], counted);
    }
    Ok(())
}

fn check_segments(file: &dyn View, entries: &BTreeMap<MemoryId, Entry>) -> Result<(), Fault> {
    let mut wanted: BTreeMap<u64, Vec<(u64, MemoryId)>> = BTreeMap::new();
    for (id, entry) in entries {
        if let Body::Archived(spot) = entry.row.body {
            wanted.entry(spot.segment).or_default().push((entry.row.head.seq, *id));
        }
    }
    let live = memories::live_by_segment(file)?;
    assert!(live.keys().eq(wanted.keys()));
    for (segment, mut members) in wanted {
        members.sort_unstable();
        assert_eq!(live[&segment], members.len() as u64);
        assert_eq!(memories::in_segment(file, segment, 100, 0)?, members);
    }
    Ok(())
}

fn check_forms(file: &dyn View, entries: &BTreeMap<MemoryId, Entry>) -> Result<(), Fault> {
    for met in file.walk::<Held>(Span::all()) {
        let met = met?;
        let holder = &entries[&met.row?.holder];
        assert!(holder.stand.is_current() && met.place.ends_with(&holder.row.head.form));
    }
    Ok(())
}

fn is_archived(entry: &Entry) -> bool {
    matches!(entry.row.body, Body::Archived(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_everything_stays_in_step(
        steps in prop::collection::vec(a_step(), 1..60),
    ) {
        let mut world = World::new();
        for step in steps {
            world.go(step);
            world.check();
        }
    }
}
