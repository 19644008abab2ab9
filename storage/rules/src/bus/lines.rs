//! The bus in memory: where each group stands, what is pending, and who holds which lease.
//!
//! Pure: it is told what was committed and what time it is. Commits nothing, waits for nothing.

use std::collections::{BTreeMap, HashMap};

use appliance_core::{Incarnation, Monotonic, StreamName, desk::Lease};

use crate::bus::{Happened, Spot};

/// One read in this many looks at the least wanted stream first, so that it is not starved.
const TURNS: u32 = 10;

/// All streams and groups.
#[derive(Debug, Default)]
pub struct Lines {
    last: BTreeMap<StreamName, u64>,
    groups: HashMap<(StreamName, String), Group>,
    turns: HashMap<(StreamName, String), u32>,
    ticket: u64,
}

/// One group's place in one stream.
#[derive(Debug, Default)]
struct Group {
    /// The highest entry that was ever picked.
    seen: u64,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    deliveries: u32,
    hold: Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Anybody may have it.
    Free,
    /// Anybody may have it from then on.
    After(Monotonic),
    /// Being committed for this taker.
    Claimed { taker: Incarnation, ticket: u64 },
    /// Leased to this taker.
    Leased { taker: Incarnation, until: Monotonic },
}

impl Hold {
    /// Returns the moment from which anybody may have it; `None` while its commit is under way.
    const fn free_from(self) -> Option<Monotonic> {
        match self {
            Self::Free => Some(Monotonic(std::time::Duration::ZERO)),
            Self::After(moment) | Self::Leased { until: moment, .. } => Some(moment),
            Self::Claimed { .. } => None,
        }
    }

    fn is_of(self, who: Incarnation) -> bool {
        matches!(self, Self::Claimed { taker, .. } | Self::Leased { taker, .. } if taker == who)
    }
}

/// An entry that was picked and is about to be committed as delivered.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Which entry.
    pub at: Spot,
    /// The count it will have.
    pub deliveries: u32,
    /// Tells this pick from a later one of the same entry.
    pub ticket: u64,
}

/// What a look into the streams found.
#[derive(Debug)]
pub enum Look {
    /// This entry, now claimed for the taker.
    Picked(Picked),
    /// Nothing before that moment, unless something is appended or given back.
    Nothing(Option<Monotonic>),
}

impl Lines {
    /// Notes a stream that was found in the file.
    pub fn found_stream(&mut self, stream: StreamName, last: u64) {
        self.last.insert(stream, last);
    }

    /// Notes a group's cursor that was found in the file.
    pub fn found_group(&mut self, stream: StreamName, group: String, cursor: u64) {
        self.groups.entry((stream, group)).or_default().seen = cursor;
    }

    /// Notes a pending entry that was found in the file: nobody holds it any more.
    pub fn found_pending(&mut self, at: Spot, deliveries: u32) {
        let group = self.groups.entry((at.stream, at.group)).or_default();
        group.pending.insert(at.seq, Pending { deliveries, hold: Hold::Free });
    }

    /// Mirrors what a commit did.
    pub fn mirror(&mut self, event: Happened) {
        match event {
            Happened::Appended { stream, seq } => {
                self.last.insert(stream, seq);
            }
            Happened::Delivered { at, deliveries } => {
                let group = self.groups.entry((at.stream, at.group)).or_default();
                group.seen = group.seen.max(at.seq);
                let new = || Pending { deliveries, hold: Hold::Free };
                group.pending.entry(at.seq).or_insert_with(new).deliveries = deliveries;
            }
            Happened::Acked { at } => {
                if let Some(group) = self.groups.get_mut(&(at.stream, at.group)) {
                    group.pending.remove(&at.seq);
                }
            }
        }
    }

    /// Claims the next entry for `taker`: streams in the order given, redeliveries before new ones,
    /// oldest first.
    pub fn pick(
        &mut self,
        taker: Incarnation,
        streams: &[StreamName],
        group: &str,
        now: Monotonic,
    ) -> Look {
        let Some(first) = streams.first() else { return Look::Nothing(None) };
        let turn = (first.clone(), group.to_owned());
        let other_way = self.turns.get(&turn).is_some_and(|taken| taken % TURNS == TURNS - 1);
        let mut order: Vec<&StreamName> = streams.iter().collect();
        if other_way {
            order.reverse();
        }
        let mut earliest = None;
        for stream in order {
            match self.pick_from(taker, stream, group, now) {
                Look::Picked(picked) => {
                    *self.turns.entry(turn).or_default() += 1;
                    return Look::Picked(picked);
                }
                Look::Nothing(from) => earliest = sooner(earliest, from),
            }
        }
        Look::Nothing(earliest)
    }

    /// Turns a claim into a lease; false when it has fallen meanwhile.
    pub fn lease(&mut self, picked: &Picked, until: Monotonic) -> bool {
        let Some(entry) = self.entry(&picked.at) else { return false };
        let Hold::Claimed { taker, ticket } = entry.hold else { return false };
        if ticket != picked.ticket {
            return false;
        }
        entry.hold = Hold::Leased { taker, until };
        true
    }

    /// Drops a claim whose commit failed, or was given up; its entry is free from `from` on.
    /// False when the claim had fallen or become a lease.
    pub fn unclaim(&mut self, picked: &Picked, from: Option<Monotonic>) -> bool {
        let Some(entry) = self.entry(&picked.at) else { return false };
        let held = matches!(entry.hold, Hold::Claimed { ticket, .. } if ticket == picked.ticket);
        if held {
            entry.hold = from.map_or(Hold::Free, Hold::After);
        }
        held
    }

    /// Tells whether `taker` holds a live lease.
    pub fn holds(&self, taker: Incarnation, at: &Spot, now: Monotonic) -> bool {
        let group = self.groups.get(&(at.stream.clone(), at.group.clone()));
        let hold = group.and_then(|group| group.pending.get(&at.seq)).map(|entry| entry.hold);
        matches!(hold, Some(Hold::Leased { taker: holder, until }) if holder == taker && until > now)
    }

    /// Sets what a live lease of `taker` becomes; false when there is none.
    pub fn renew(&mut self, taker: Incarnation, at: &Spot, now: Monotonic, to: Monotonic) -> bool {
        self.rehold(taker, at, now, Hold::Leased { taker, until: to })
    }

    /// Ends a live lease of `taker`, so that the entry is free from `from` on.
    pub fn give_back(
        &mut self,
        taker: Incarnation,
        at: &Spot,
        now: Monotonic,
        from: Monotonic,
    ) -> bool {
        self.rehold(taker, at, now, Hold::After(from))
    }

    /// Drops everything `taker` holds.
    pub fn release(&mut self, taker: Incarnation) {
        for group in self.groups.values_mut() {
            for entry in group.pending.values_mut().filter(|entry| entry.hold.is_of(taker)) {
                entry.hold = Hold::Free;
            }
        }
    }

    /// Drops everything `taker` has in `group` but what it names; tells whether that was anything.
    pub fn release_others(&mut self, taker: Incarnation, group: &str, held: &[Lease]) -> bool {
        let mut freed = false;
        let in_group = self.groups.iter_mut().filter(|((_, name), _)| name == group);
        for ((stream, _), line) in in_group {
            for (seq, entry) in line.pending.iter_mut().filter(|(_, it)| it.hold.is_of(taker)) {
                let at = (stream, *seq, entry.deliveries);
                if !held.iter().any(|it| (&it.stream, it.seq, it.deliveries) == at) {
                    entry.hold = Hold::Free;
                    freed = true;
                }
            }
        }
        freed
    }

    /// Returns how many entries wait or are leased, every stream once used.
    pub fn depths(&self, group: &str) -> Vec<(StreamName, u64)> {
        let depth = |stream: &StreamName, last: u64| {
            let Some(group) = self.groups.get(&(stream.clone(), group.to_owned())) else {
                return last;
            };
            group.pending.len() as u64 + last.saturating_sub(group.seen)
        };
        self.last.iter().map(|(stream, last)| (stream.clone(), depth(stream, *last))).collect()
    }

    fn pick_from(
        &mut self,
        taker: Incarnation,
        stream: &StreamName,
        group: &str,
        now: Monotonic,
    ) -> Look {
        let Some(&last) = self.last.get(stream) else { return Look::Nothing(None) };
        let line = self.groups.entry((stream.clone(), group.to_owned())).or_default();
        let mut earliest = None;
        let mut chosen = None;
        for (seq, entry) in &line.pending {
            match entry.hold.free_from() {
                Some(from) if from <= now => {
                    chosen = Some(*seq);
                    break;
                }
                from => earliest = sooner(earliest, from),
            }
        }
        if chosen.is_none() && line.seen < last {
            line.seen += 1;
            chosen = Some(line.seen);
        }
        let Some(seq) = chosen else { return Look::Nothing(earliest) };
        self.ticket += 1;
        let hold = Hold::Claimed { taker, ticket: self.ticket };
        let entry = line.pending.entry(seq).or_insert(Pending { deliveries: 0, hold });
        entry.hold = hold;
        let at = Spot { stream: stream.clone(), group: group.to_owned(), seq };
        Look::Picked(Picked { at, deliveries: entry.deliveries + 1, ticket: self.ticket })
    }

    fn rehold(&mut self, taker: Incarnation, at: &Spot, now: Monotonic, hold: Hold) -> bool {
        let held = self.holds(taker, at, now);
        if held && let Some(entry) = self.entry(at) {
            entry.hold = hold;
        }
        held
    }

    fn entry(&mut self, at: &Spot) -> Option<&mut Pending> {
        let group = self.groups.get_mut(&(at.stream.clone(), at.group.clone()))?;
        group.pending.get_mut(&at.seq)
    }
}

fn sooner(a: Option<Monotonic>, b: Option<Monotonic>) -> Option<Monotonic> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
