//! Who holds which of a listener's places, and who goes when they get scarce. Pure: knows no
//! socket, no clock and no task; [`places`](super::places) acts on what it decides.
//!
//! A connection is *waiting* while its client is to send something (before its first head, in the
//! middle of one or of a body, or between two requests), and *proven* once a request of it carried a
//! login. Whoever has proven nothing may take all places but the reserve, and only so many an
//! address. When a place is wanted and none is free, the connection that has waited longest goes: of
//! the same address when that address is over its share, else of the address with most that wait.
//!
//! Invariant: whoever has lost its place and sends something after all gets one by the same rules as
//! a newcomer, so that no address ever has more than its share.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use lru::LruCache;

use super::Limits;

/// Part of the places that is kept for the proven: one in four.
const RESERVE: usize = 4;

/// Addresses from which a login was proven that are remembered.
const MOST_KNOWN: std::num::NonZeroUsize = std::num::NonZeroUsize::new(1_024).unwrap();

/// The number of a place.
pub(super) type Id = u64;

/// Who a connection counts for: a subscriber, or the processes of this machine.
pub(super) type Crowd = Option<IpAddr>;

/// There is no place, and nobody's to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug, Clone, Copy)]
struct Entry {
    crowd: Crowd,
    /// Whether it is a proxy's or a local process's, which have no share.
    carrier: bool,
    proven: bool,
    /// Requests and sockets of it that are being served, and not waited with for the client.
    serving: usize,
    /// When it began to wait, as a number that only grows; meaningless while `serving`.
    since: u64,
}

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Book {
    places: usize,
    strangers_places: usize,
    per_crowd: usize,
    next: u64,
    entries: HashMap<Id, Entry>,
    /// Strangers' places taken, by crowd.
    strangers: HashMap<Crowd, usize>,
    strangers_in_all: usize,
    /// Strangers that wait, longest first, by crowd.
    waiting: HashMap<Crowd, BTreeMap<u64, Id>>,
    /// The crowds with strangers that wait, by how many.
    ranks: BTreeSet<(usize, Crowd)>,
    /// The proven that wait, longest first.
    idle: BTreeMap<u64, Id>,
    /// Those who lost their place and have not gone yet; without what they were when they are barred
    /// from coming back.
    leaving: HashMap<Id, Option<Entry>>,
    known: LruCache<Crowd, ()>,
}

impl Book {
    pub(super) fn new(limits: &Limits) -> Self {
        let places = limits.max_connections.max(1);
        Self {
            places,
            strangers_places: places - places / RESERVE,
            per_crowd: limits.per_address.max(1),
            next: 0,
            entries: HashMap::new(),
            strangers: HashMap::new(),
            strangers_in_all: 0,
            waiting: HashMap::new(),
            ranks: BTreeSet::new(),
            idle: BTreeMap::new(),
            leaving: HashMap::new(),
            known: LruCache::new(MOST_KNOWN),
        }
    }

    /// Finds a place for a new connection of `crowd`; a `carrier` is a proxy or a local process,
    /// which has no share of its own and may use the reserve. Returns who has lost its own for it.
    pub(super) fn take(&mut self, crowd: Crowd, carrier: bool) -> Result<(Id, Option<Id>), Full> {
        let entry = Entry { crowd, carrier, proven: false, serving: 0, since: 0 };
        let struck = self.make_room(&entry)?;
        let id = self.next;
        self.insert(id, entry);
        Ok((id, struck))
    }

    /// Notes that something of it is being served. Whoever has lost its place meanwhile gets one
    /// like a newcomer; returns who has lost its own for it.
    pub(super) fn serve(&mut self, id: Id) -> Result<Option<Id>, Full> {
        let struck = match self.leaving.get(&id).copied() {
            None => None,
            Some(None) => return Err(Full),
            Some(Some(entry)) => {
                let struck = self.make_room(&entry)?;
                self.leaving.remove(&id);
                self.insert(id, entry);
                struck
            }
        };
        self.resume(id);
        Ok(struck)
    }

    /// Notes that something of it is being served, without giving it a place that it has lost.
    pub(super) fn resume(&mut self, id: Id) {
        let Some(entry) = self.entry(id) else { return };
        entry.serving += 1;
        if entry.serving == 1 {
            self.stop_waiting(id);
        }
    }

    /// Notes that one of its requests has been answered, or cannot go on without its client.
    pub(super) fn answered(&mut self, id: Id) {
        let next = self.next;
        let Some(entry) = self.entry(id) else { return };
        entry.serving = entry.serving.saturating_sub(1);
        if entry.serving == 0 {
            entry.since = next;
            self.next += 1;
            self.start_waiting(id);
        }
    }

    /// Notes that it has proven a login: it leaves the strangers' places, and its crowd is known.
    pub(super) fn prove(&mut self, id: Id) {
        let Some(entry) = self.entries.get(&id).filter(|entry| !entry.proven) else { return };
        let (crowd, waits) = (entry.crowd, entry.serving == 0);
        self.known.put(crowd, ());
        if waits {
            self.stop_waiting(id);
        }
        self.fewer_strangers(crowd);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.proven = true;
        }
        if waits {
            self.start_waiting(id);
        }
    }

    /// Tells whether it has lost its place.
    pub(super) fn is_leaving(&self, id: Id) -> bool {
        self.leaving.contains_key(&id)
    }

    /// Tells whether it has lost its place; if so, it can get none any more.
    pub(super) fn bar(&mut self, id: Id) -> bool {
        self.leaving.get_mut(&id).map(|entry| *entry = None).is_some()
    }

    /// Notes that it has ended.
    pub(super) fn leave(&mut self, id: Id) {
        self.leaving.remove(&id);
        self.strike(id);
    }

    /// Returns how many have lost their place and not gone yet.
    pub(super) fn leaving(&self) -> usize {
        self.leaving.len()
    }

    /// Finds out whether there is a place for `entry`; returns who has lost its own for it.
    fn make_room(&mut self, entry: &Entry) -> Result<Option<Id>, Full> {
        let Entry { crowd, carrier, proven, .. } = *entry;
        let favoured = carrier || proven || self.known.get(&crowd).is_some();
        let gone = if !carrier && !proven && self.strangers_of(crowd) >= self.per_crowd {
            self.oldest_of(crowd)
        } else if self.has_room(favoured) {
            return Ok(None);
        } else {
            self.oldest_of_most().or_else(|| self.oldest_idle(favoured))
        };
        let gone = gone.ok_or(Full)?;
        let entry = self.strike(gone);
        self.leaving.insert(gone, entry);
        Ok(Some(gone))
    }

    fn entry(&mut self, id: Id) -> Option<&mut Entry> {
        let left = self.leaving.get_mut(&id).and_then(Option::as_mut);
        left.or_else(|| self.entries.get_mut(&id))
    }

    fn has_room(&self, favoured: bool) -> bool {
        let free = self.entries.len() < self.places;
        free && (favoured || self.strangers_in_all < self.strangers_places)
    }

    fn strangers_of(&self, crowd: Crowd) -> usize {
        self.strangers.get(&crowd).copied().unwrap_or(0)
    }

    fn oldest_of(&self, crowd: Crowd) -> Option<Id> {
        self.waiting.get(&crowd)?.first_key_value().map(|(_, id)| *id)
    }

    fn oldest_of_most(&self) -> Option<Id> {
        self.ranks.last().and_then(|(_, crowd)| self.oldest_of(*crowd))
    }

    /// The proven make room for each other, never for strangers.
    fn oldest_idle(&self, favoured: bool) -> Option<Id> {
        favoured.then(|| self.idle.first_key_value().map(|(_, id)| *id)).flatten()
    }

    fn insert(&mut self, id: Id, entry: Entry) {
        self.entries.insert(id, Entry { since: self.next, ..entry });
        self.next += 1;
        if !entry.proven {
            *self.strangers.entry(entry.crowd).or_default() += 1;
            self.strangers_in_all += 1;
        }
        if entry.serving == 0 {
            self.start_waiting(id);
        }
    }

    fn strike(&mut self, id: Id) -> Option<Entry> {
        self.stop_waiting(id);
        let entry = self.entries.remove(&id)?;
        if !entry.proven {
            self.fewer_strangers(entry.crowd);
        }
        Some(entry)
    }

    fn fewer_strangers(&mut self, crowd: Crowd) {
        self.strangers_in_all -= 1;
        if let Some(count) = self.strangers.get_mut(&crowd) {
            *count -= 1;
            if *count == 0 {
                self.strangers.remove(&crowd);
            }
        }
    }

    fn start_waiting(&mut self, id: Id) {
        let Some(entry) = self.entries.get(&id) else { return };
        let (crowd, since) = (entry.crowd, entry.since);
        if entry.proven {
            self.idle.insert(since, id);
            return;
        }
        let line = self.waiting.entry(crowd).or_default();
        self.ranks.remove(&(line.len(), crowd));
        line.insert(since, id);
        self.ranks.insert((line.len(), crowd));
    }

    fn stop_waiting(&mut self, id: Id) {
        let Some(entry) = self.entries.get(&id) else { return };
        let (crowd, since) = (entry.crowd, entry.since);
        self.idle.remove(&since);
        let Some(line) = self.waiting.get_mut(&crowd) else { return };
        self.ranks.remove(&(line.len(), crowd));
        line.remove(&since);
        if line.is_empty() {
            self.waiting.remove(&crowd);
        } else {
            self.ranks.insert((line.len(), crowd));
        }
    }
}

#[cfg(test)]
mod tests;
