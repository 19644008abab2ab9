//! The bus against a reference: random appends, takes, acknowledgements, deaths and restarts.
//!
//! The reference is a plain list; after every step the store must have handed out exactly the entry
//! the reference names, with exactly its count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use appliance_core::{
    AgentName, Batch, Clock as _, ErrorKind, IdMint, Incarnation, IncarnationId, Monotonic,
    Priority, StreamName, Write,
    bus::{AGENTS_GROUP, LEASE},
    ports::{Records as _, Streams as _, Take},
    time::ManualClock,
};
use proptest::prelude::*;
use storage_contract::given;
use storage_embedded::{DataDir, Store};
use tempfile::TempDir;

const TAKERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Take(usize),
    /// Acknowledge an entry, whether or not it is pending.
    Ack(u64),
    Renew(usize, u64),
    GiveBack(usize, u64, u64),
    Release(usize),
    Pass(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let taker = 0..TAKERS;
    let seq = 1..12_u64;
    let step = prop_oneof![
        4 => (1..4_u8).prop_map(Step::Append),
        8 => taker.clone().prop_map(Step::Take),
        5 => seq.clone().prop_map(Step::Ack),
        2 => (taker.clone(), seq.clone()).prop_map(|(who, seq)| Step::Renew(who, seq)),
        2 => (taker.clone(), seq, 0..90_u64).prop_map(|(who, seq, s)| Step::GiveBack(who, seq, s)),
        1 => taker.prop_map(Step::Release),
        3 => (1..70_u64).prop_map(Step::Pass),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What the bus should be.
#[derive(Debug, Default)]
struct Reference {
    last: u64,
    cursor: u64,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    deliveries: u32,
    holder: Option<usize>,
    /// When anybody may have it.
    free: Monotonic,
}

impl Reference {
    fn take(&mut self, taker: usize, now: Monotonic) -> Option<(u64, u32)> {
        let free = self.pending.iter().find(|(_, entry)| entry.free <= now).map(|(seq, _)| *seq);
        let seq = match free {
            Some(seq) => seq,
            None if self.cursor < self.last => {
                self.cursor += 1;
                self.cursor
            }
            None => return None,
        };
        let new = Pending { deliveries: 0, holder: None, free: now };
        let entry = self.pending.entry(seq).or_insert(new);
        entry.deliveries += 1;
        entry.holder = Some(taker);
        entry.free = now.plus(LEASE);
        Some((seq, entry.deliveries))
    }

    fn held(&mut self, taker: usize, seq: u64, now: Monotonic) -> Option<&mut Pending> {
        let entry = self.pending.get_mut(&seq)?;
        (entry.holder == Some(taker) && entry.free > now).then_some(entry)
    }

    fn drop_leases(&mut self, now: Monotonic, of: impl Fn(usize) -> bool) {
        for entry in self.pending.values_mut() {
            if entry.holder.is_some_and(&of) {
                entry.holder = None;
                entry.free = now;
            }
        }
    }
}

/// The store and the reference, side by side.
struct Pair {
    folder: TempDir,
    clock: Arc<ManualClock>,
    mint: IdMint,
    takers: Vec<Incarnation>,
    store: Option<Store>,
    model: Reference,
}

impl Pair {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock.clone(), 0);
        let taker =
            || Incarnation { agent: AgentName::Code, id: mint.next(IncarnationId::from_uuid) };
        let takers = (0..TAKERS).map(|_| taker()).collect();
        let store = Some(open(&folder, &clock));
        Self { folder, clock, mint, takers, store, model: Reference::default() }
    }

    async fn go(&mut self, step: &Step) {
        let now = self.clock.monotonic();
        match *step {
            Step::Append(count) => {
                for _ in 0..count {
                    self.store().apply(self.entry()).await.unwrap();
                    self.model.last += 1;
                }
            }
            Step::Take(who) => {
                let taken = self.store().take(self.wish(who), Box::new(|_| vec![])).await.unwrap();
                let taken = taken.map(|delivery| (delivery.seq, delivery.deliveries));
                assert_eq!(taken, self.model.take(who, now), "store, reference");
            }
            Step::Ack(seq) => self.ack(seq).await,
            Step::Renew(who, seq) => {
                let taker = self.takers[who];
                let renewed =
                    self.store().renew(taker, &stream(), AGENTS_GROUP, seq).await.unwrap();
                let held = self.model.held(who, seq, now);
                assert_eq!(renewed, held.is_some());
                if let Some(entry) = held {
                    entry.free = now.plus(LEASE);
                }
            }
            Step::GiveBack(who, seq, seconds) => {
                let (taker, delay) = (self.takers[who], Duration::from_secs(seconds));
                self.store().give_back(taker, &stream(), AGENTS_GROUP, seq, delay).await.unwrap();
                if let Some(entry) = self.model.held(who, seq, now) {
                    entry.holder = None;
                    entry.free = now.plus(delay);
                }
            }
            Step::Release(who) => {
                self.store().release(self.takers[who]).await.unwrap();
                self.model.drop_leases(now, |holder| holder == who);
            }
            Step::Pass(seconds) => self.clock.advance(Duration::from_secs(seconds)),
            Step::Reopen => self.reopen(now),
        }
        self.compare().await;
    }

    async fn ack(&mut self, seq: u64) {
        let (stream, group) = (stream(), AGENTS_GROUP.to_owned());
        let batch = Batch::new().write(Write::AckBus { stream, group, seq });
        let acked = self.store().apply(batch).await;
        if self.model.pending.remove(&seq).is_some() {
            acked.unwrap();
        } else {
            assert_eq!(acked.unwrap_err().kind, ErrorKind::Conflict);
        }
    }

    fn reopen(&mut self, now: Monotonic) {
        drop(self.store.take());
        self.store = Some(open(&self.folder, &self.clock));
        self.model.drop_leases(now, |_| true);
        for entry in self.model.pending.values_mut() {
            entry.free = now; // delays end with the server, as leases do
        }
    }

    async fn compare(&mut self) {
        let now = self.clock.monotonic();
        for who in 0..TAKERS {
            for seq in 1..=self.model.last {
                let holds = self.store().holds(self.takers[who], &stream(), AGENTS_GROUP, seq);
                assert_eq!(holds, self.model.held(who, seq, now).is_some(), "{who} holds {seq}");
            }
        }
        let depth = self.model.pending.len() as u64 + self.model.last - self.model.cursor;
        let depths = self.store().depths(AGENTS_GROUP).await.unwrap();
        let expected = if self.model.last == 0 { vec![] } else { vec![(stream(), depth)] };
        assert_eq!(depths, expected);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn entry(&self) -> Batch {
        Batch::new().write(given::append(&self.mint, &stream(), "work"))
    }

    fn wish(&self, who: usize) -> Take {
        let (streams, group) = (vec![stream()], AGENTS_GROUP.to_owned());
        Take { taker: self.takers[who], streams, group, wait: Duration::ZERO }
    }
}

fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> Store {
    Store::open(
        &DataDir::open(folder.path()).unwrap(),
        clock.clone(),
        appliance_tasks::Tasks::new(),
    )
    .unwrap()
}

fn stream() -> StreamName {
    StreamName::of_agent(AgentName::Code, Priority::NORMAL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_bus_does_what_the_reference_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::new();
            for step in &steps {
                pair.go(step).await;
            }
        });
    }
}
