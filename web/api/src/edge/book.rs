//! Who holds which of a listener's places, and who goes when they get scarce. Pure: knows no
//! socket, no clock and no task; [`places`](super::places) acts on what it decides.
//!
//! A connection is *waiting* while no request of it is being answered (before its first head, in
//! the middle of one, or between two), and *proven* once a request of it carried a login. Whoever
//! has proven nothing may take all places but the reserve, and only so many an address. When a
//! place is wanted and none is free, the connection that has waited longest goes: of the same
//! address when that address is over its share, else of the address with most that wait.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
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

/// What becomes of a connection that has just been accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has a place; `instead_of` has lost its own.
    Taken { id: Id, instead_of: Option<Id> },
    /// There is no place, and nobody's to be had.
    Full,
}

#[derive(Debug)]
struct Entry {
    crowd: Crowd,
    proven: bool,
    /// Requests and sockets of it that are being served.
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
    /// Those who lost their place and have not gone yet.
    leaving: HashSet<Id>,
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
            leaving: HashSet::new(),
            known: LruCache::new(MOST_KNOWN),
        }
    }

    /// Finds a place for a new connection of `crowd`; a `carrier` is a proxy or a local process,
    /// which has no share of its own and may use the reserve.
    pub(super) fn take(&mut self, crowd: Crowd, carrier: bool) -> Verdict {
        let favoured = carrier || self.known.get(&crowd).is_some();
        let gone = if !carrier && self.strangers_of(crowd) >= self.per_crowd {
            let Some(oldest) = self.oldest_of(crowd) else { return Verdict::Full };
            Some(oldest)
        } else if self.has_room(favoured) {
            None
        } else {
            let Some(oldest) = self.oldest_of_most().or_else(|| self.oldest_idle(favoured)) else {
                return Verdict::Full;
            };
            Some(oldest)
        };
        if let Some(gone) = gone {
            self.strike(gone);
            self.leaving.insert(gone);
        }
        Verdict::Taken { id: self.enter(crowd), instead_of: gone }
    }

    /// Notes that a request of it is being served. Whoever has lost its place meanwhile gets it
    /// back: its request is here.
    pub(super) fn serve(&mut self, id: Id, crowd: Crowd) {
        if self.leaving.remove(&id) {
            self.insert(id, crowd);
        }
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.serving += 1;
        if entry.serving == 1 {
            self.stop_waiting(id);
        }
    }

    /// Notes that one of its requests has been answered.
    pub(super) fn answered(&mut self, id: Id) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.serving = entry.serving.saturating_sub(1);
        if entry.serving == 0 {
            entry.since = self.next;
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
        self.leaving.contains(&id)
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

    fn enter(&mut self, crowd: Crowd) -> Id {
        let id = self.next;
        self.insert(id, crowd);
        id
    }

    fn insert(&mut self, id: Id, crowd: Crowd) {
        let entry = Entry { crowd, proven: false, serving: 0, since: self.next };
        self.next += 1;
        self.entries.insert(id, entry);
        *self.strangers.entry(crowd).or_default() += 1;
        self.strangers_in_all += 1;
        self.start_waiting(id);
    }

    fn strike(&mut self, id: Id) {
        let Some(entry) = self.entries.get(&id) else { return };
        let (crowd, proven) = (entry.crowd, entry.proven);
        self.stop_waiting(id);
        self.entries.remove(&id);
        if !proven {
            self.fewer_strangers(crowd);
        }
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
mod tests {
    use super::*;

    const FLOOD: Crowd = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const HOME: Crowd = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn book(max_connections: usize, per_address: usize) -> Book {
        Book::new(&Limits { max_connections, per_address, ..Limits::default() })
    }

    fn taken(book: &mut Book, crowd: Crowd) -> (Id, Option<Id>) {
        match book.take(crowd, false) {
            Verdict::Taken { id, instead_of } => (id, instead_of),
            Verdict::Full => panic!("full"),
        }
    }

    #[test]
    fn an_address_over_its_share_loses_its_longest_silent_connection() {
        let mut book = book(100, 3);
        let ids: Vec<Id> = (0..3).map(|_| taken(&mut book, FLOOD).0).collect();
        book.serve(ids[0], FLOOD);
        let (_, gone) = taken(&mut book, FLOOD);
        assert_eq!(gone, Some(ids[1]), "the one that is being answered stays");
        assert_eq!(taken(&mut book, HOME).1, None, "another address has its own share");
        assert!(book.is_leaving(ids[1]) && book.leaving() == 1);
        book.leave(ids[1]);
        assert_eq!(book.leaving(), 0);
    }

    #[test]
    fn when_all_is_full_the_address_with_most_silent_connections_loses_one() {
        let mut book = book(8, 100);
        let quiet = taken(&mut book, HOME).0;
        let flood: Vec<Id> = (0..5).map(|_| taken(&mut book, FLOOD).0).collect();
        let (_, gone) = taken(&mut book, Some(IpAddr::from([192, 0, 2, 3])));
        assert_eq!(gone, Some(flood[0]));
        assert!(!book.is_leaving(quiet));
    }

    #[test]
    fn the_reserve_is_for_those_who_have_proven_a_login() {
        let mut book = book(8, 100);
        let known = taken(&mut book, HOME).0;
        book.serve(known, HOME);
        book.prove(known);
        for _ in 0..6 {
            let id = taken(&mut book, FLOOD).0;
            book.serve(id, FLOOD);
        }
        assert_eq!(book.take(FLOOD, false), Verdict::Full, "busy strangers fill their part");
        let (second, gone) = taken(&mut book, HOME);
        assert_eq!(gone, None, "the owner's address has the reserve");
        book.serve(second, HOME);
        assert_eq!(book.take(HOME, false), Verdict::Full, "and nobody is cut in mid-answer");
        book.answered(known);
        assert!(matches!(book.take(HOME, false), Verdict::Taken { .. }));
    }

    #[test]
    fn whoever_asks_just_as_it_loses_its_place_keeps_it() {
        let mut book = book(4, 1);
        let first = taken(&mut book, FLOOD).0;
        assert_eq!(taken(&mut book, FLOOD).1, Some(first));
        book.serve(first, FLOOD);
        assert!(!book.is_leaving(first));
        book.answered(first);
        book.leave(first);
        assert_eq!(book.leaving(), 0);
    }

    #[test]
    fn a_freed_place_is_free_and_nothing_is_kept_of_it() {
        let mut book = book(4, 4);
        for _ in 0..100 {
            let id = taken(&mut book, FLOOD).0;
            book.serve(id, FLOOD);
            book.prove(id);
            book.answered(id);
            book.leave(id);
        }
        assert!(book.entries.is_empty() && book.strangers.is_empty() && book.waiting.is_empty());
        assert!(book.ranks.is_empty() && book.idle.is_empty() && book.strangers_in_all == 0);
    }
}
