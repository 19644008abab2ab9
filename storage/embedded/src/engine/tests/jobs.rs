//! Changes of the store's own: one transaction each, whole or not at all, beside the batches.

use appliance_core::{
    Conflict, ErrorKind, Memory, MemoryId, MemoryKind, MemoryTier, Provenance, ids::MessageId,
};

use storage_rules::{
    Draft, Refusal, conflict,
    memories::{self, Body, Spot},
};

use super::*;

impl Bench {
    fn remember(&mut self, text: &str) -> MemoryId {
        let (id, now) = (self.mint.next(MemoryId::from_uuid), self.clock.now());
        let from = Provenance::default();
        let memory = Memory::new(id, self.owner, MemoryKind::Said, text.to_owned(), from, now);
        self.one(Batch::new().write(Write::PutMemory(memory))).unwrap();
        id
    }

    fn run(
        &mut self,
        job: impl FnOnce(&mut Draft<'_>) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<Applied, StoreError> {
        self.engine.run(Box::new(job))
    }

    fn entry(&self, id: MemoryId) -> Option<memories::Entry> {
        self.shared.read("test", |file| memories::find(file, id)).unwrap()
    }

    fn counts(&self) -> (u64, u64, u64, Vec<(u64, u64)>) {
        self.shared
            .read("test", |file| {
                let counts = memories::counts(file, None)?;
                let live = memories::live_by_segment(file)?.into_iter().collect();
                Ok((counts.hot.values().sum(), counts.warm, counts.cold, live))
            })
            .unwrap()
    }

    fn latest(&self) -> u64 {
        self.shared.latest_memory.load(Ordering::Acquire)
    }
}

const fn spot(segment: u64, slot: u32) -> Spot {
    Spot { segment, block: 0, slot }
}

#[test]
fn a_memory_moves_with_its_counts_and_comes_back() {
    let mut bench = Bench::new();
    let (one, two) = (bench.remember("one"), bench.remember("two"));
    let at = bench.clock.now();
    bench
        .run(move |draft| {
            for (slot, id) in [one, two].into_iter().enumerate() {
                let entry =
                    memories::look(draft, id)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
                let place = spot(7, u32::try_from(slot).unwrap());
                memories::settle(draft, entry, MemoryTier::Cold, Some(Body::Archived(place)), at)?;
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.counts(), (0, 0, 2, vec![(7, 2)]));
    assert_eq!(bench.latest(), 4, "each took a new position");
    assert_eq!(bench.entry(two).unwrap().row.body, Body::Archived(spot(7, 1)));

    bench
        .run(move |draft| {
            let entry = memories::look(draft, one)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
            memories::relocate(draft, &entry, spot(8, 0))?;
            let entry = memories::look(draft, two)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
            let body = Some(Body::Here("two".to_owned()));
            Ok(memories::settle(draft, entry, MemoryTier::Warm, body, at)?)
        })
        .unwrap();
    assert_eq!(bench.counts(), (0, 1, 1, vec![(8, 1)]));
    assert_eq!(bench.latest(), 5, "a text that only moved is no change");
    let left = bench.shared.read("test", |file| memories::in_segment(file, 8, 10, 0)).unwrap();
    assert_eq!(left, [(1, one)]);

    bench
        .run(move |draft| {
            let entry = memories::look(draft, one)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
            Ok(memories::purge(draft, &entry)?)
        })
        .unwrap();
    assert_eq!(bench.counts(), (0, 1, 0, vec![]));
    assert_eq!((bench.entry(one), bench.latest()), (None, 6));
}

#[test]
fn only_what_is_archived_is_cold() {
    let mut bench = Bench::new();
    let (id, at) = (bench.remember("one"), bench.clock.now());
    bench
        .run(move |draft| {
            let entry = memories::look(draft, id)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
            Ok(memories::settle(draft, entry, MemoryTier::Cold, None, at)?)
        })
        .unwrap();
    assert_eq!(bench.counts(), (0, 1, 0, vec![]));
}

#[test]
fn a_job_that_refuses_leaves_nothing() {
    let mut bench = Bench::new();
    let (id, at) = (bench.remember("one"), bench.clock.now());
    let before = (bench.entry(id), bench.counts(), bench.latest());
    let refused = bench.run(move |draft| {
        let entry = memories::look(draft, id)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
        let place = Some(Body::Archived(spot(1, 0)));
        memories::settle(draft, entry, MemoryTier::Cold, place, at)?;
        Err(conflict(Conflict::KeyReused))
    });
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!((bench.entry(id), bench.counts(), bench.latest()), before);
    let (said, batch): (MessageId, Batch) = bench.say("the engine goes on");
    bench.one(batch).unwrap();
    assert!(bench.found(said).unwrap().is_some());
}

#[test]
fn a_power_cut_leaves_a_job_done_or_not_begun() {
    let (mut done, mut not) = (0, 0);
    for cut in 0..60 {
        let mut bench = Bench::new();
        let (id, at) = (bench.remember("one"), bench.clock.now());
        bench.disk.break_after(cut);
        let answer = bench.run(move |draft| {
            let entry = memories::look(draft, id)?.ok_or_else(|| conflict(Conflict::KeyReused))?;
            let place = Some(Body::Archived(spot(1, 0)));
            Ok(memories::settle(draft, entry, MemoryTier::Cold, place, at)?)
        });
        bench.restart(cut);
        let is_cold = bench.entry(id).unwrap().stand.tier == MemoryTier::Cold;
        assert!(is_cold || answer.is_err(), "cut at {cut}: it was answered and is not there");
        let counts = if is_cold { (0, 0, 1, vec![(1, 1)]) } else { (1, 0, 0, vec![]) };
        assert_eq!(bench.counts(), counts, "cut at {cut}");
        done += u32::from(is_cold);
        not += u32::from(!is_cold);
    }
    assert!(done > 0 && not > 0, "{done} done, {not} not");
}
