//! Walking the graph: from the entry down to the nearest rows. Changes nothing.
//!
//! Source: Malkov and Yashunin, algorithms 2 (search a level) and 5 (search).
//!
//! A filtered walk goes on through rows that the filter refuses, and ends when the nearest row left
//! is farther than the `ef` nearest that it took, or when its budget of compared rows is spent.

use std::collections::BinaryHeap;

use super::{EMPTY, GROUND_LINKS, Graph, Ground};
use crate::index::{
    code::Query,
    rows::Rows,
    simd::{Unit, prefetch},
    top::{Sieve, Top, pack, row_of, score_of},
};

/// What a walk compares with.
#[derive(Debug, Clone, Copy)]
pub(in crate::index) struct Field<'a> {
    pub(in crate::index) unit: Unit,
    pub(in crate::index) rows: &'a Rows,
    pub(in crate::index) query: &'a Query,
}

/// How far a walk looks.
#[derive(Debug, Clone, Copy)]
pub(in crate::index) struct Reach {
    /// Rows kept while walking: more find more and cost more.
    pub(in crate::index) ef: usize,
    /// Rows compared before it gives up.
    pub(in crate::index) budget: usize,
}

/// Which rows a walk takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::index) struct Gate<P, E> {
    /// Tells whether it takes a row.
    pub(in crate::index) pass: P,
    /// Called with every row that `pass` may soon be asked about.
    pub(in crate::index) expect: E,
}

/// Memory that walks use again and again; one a thread.
#[derive(Debug, Default)]
pub(in crate::index) struct Scratch {
    visited: Visited,
    frontier: BinaryHeap<u64>,
    pub(in crate::index) found: Top,
    pub(in crate::index) sieve: Sieve,
    pub(in crate::index) picked: Vec<u32>,
    pub(in crate::index) sums: Vec<i32>,
}

/// Which rows this walk has seen: a row's mark is the walk's number.
#[derive(Debug, Default)]
struct Visited {
    marks: Vec<u16>,
    walk: u16,
}

impl Visited {
    fn restart(&mut self, rows: usize) {
        self.walk = self.walk.wrapping_add(1);
        if self.walk == 0 {
            self.marks.fill(0);
            self.walk = 1;
        }
        if self.marks.len() < rows {
            self.marks.resize(rows, 0);
        }
    }

    fn first_time(&mut self, row: u32) -> bool {
        let mark = &mut self.marks[row as usize];
        let first = *mark != self.walk;
        *mark = self.walk;
        first
    }

    /// Leaves those of `places` that were not seen yet in `rows`. Without a branch on what was seen,
    /// which no processor can guess.
    fn unseen(&mut self, places: &[u32], rows: &mut Vec<u32>) {
        rows.resize(places.len(), 0);
        let mut count = 0;
        for &row in places {
            if row == EMPTY {
                break;
            }
            rows[count] = row;
            count += usize::from(self.first_time(row));
        }
        rows.truncate(count);
    }
}

impl Graph {
    /// Walks from the entry to the ground and leaves the nearest rows that `pass` in
    /// `scratch.found`; tells whether the budget sufficed.
    pub(in crate::index) fn nearest(
        &self,
        field: Field<'_>,
        reach: Reach,
        scratch: &mut Scratch,
        gate: &Gate<impl Fn(u32) -> bool, impl Fn(u32)>,
    ) -> bool {
        if self.len() == 0 {
            scratch.found.restart(reach.ef);
            return true;
        }
        let start = self.start(field, scratch);
        let start = self.descend(field, start, self.top, 0, scratch);
        self.search_level(field, start, 0, reach, scratch, gate)
    }

    /// Returns the entry, scored.
    pub(super) fn start(&self, field: Field<'_>, scratch: &mut Scratch) -> u64 {
        let mut start = 0;
        let scored = |row, score| start = pack(score, row);
        field.rows.score(field.unit, field.query, &[self.entry], &mut scratch.sums, scored);
        start
    }

    /// Steps greedily from level `from` down to above level `to`; returns the nearest row met.
    pub(super) fn descend(
        &self,
        field: Field<'_>,
        start: u64,
        from: u8,
        to: u8,
        scratch: &mut Scratch,
    ) -> u64 {
        let mut nearest = start;
        for level in (to + 1..=from).rev() {
            loop {
                let here = nearest;
                let links = self.links(row_of(here), level);
                field.rows.score(
                    field.unit,
                    field.query,
                    links,
                    &mut scratch.sums,
                    |row, score| {
                        nearest = nearest.max(pack(score, row));
                    },
                );
                if nearest == here {
                    break;
                }
            }
        }
        nearest
    }

    /// Searches one level from `start`; the nearest that `pass` are then in `scratch.found`. Tells
    /// whether the budget sufficed.
    pub(super) fn search_level(
        &self,
        field: Field<'_>,
        start: u64,
        level: u8,
        reach: Reach,
        scratch: &mut Scratch,
        gate: &Gate<impl Fn(u32) -> bool, impl Fn(u32)>,
    ) -> bool {
        let Scratch { visited, frontier, found, picked, sums, .. } = scratch;
        visited.restart(self.len());
        frontier.clear();
        found.restart(reach.ef);
        visited.first_time(row_of(start));
        frontier.push(start);
        if (gate.pass)(row_of(start)) {
            found.offer(start);
        }
        let mut left = reach.budget;
        while let Some(here) = frontier.pop() {
            if !found.takes(here) {
                break;
            }
            if let Some(&next) = frontier.peek() {
                // Often the next one walked from; its links arrive while this one's are compared.
                self.expect_links(row_of(next));
            }
            visited.unseen(self.places(row_of(here), level), picked);
            left = left.saturating_sub(picked.len());
            if left == 0 {
                return false;
            }
            picked.iter().copied().for_each(&gate.expect);
            let mut best = frontier.peek().copied().unwrap_or_default();
            field.rows.score(field.unit, field.query, picked, sums, |row, score| {
                let scored = pack(score, row);
                if !found.takes(scored) {
                    return;
                }
                if scored > best {
                    best = scored;
                    self.expect_links(row);
                }
                frontier.push(scored);
                if (gate.pass)(row) {
                    found.offer(scored);
                }
            });
        }
        true
    }

    /// Asks for a row's links on the ground.
    fn expect_links(&self, row: u32) {
        let Ground(links) = &self.ground[row as usize];
        prefetch(&links[0]);
        prefetch(&links[GROUND_LINKS / 2]);
    }
}

/// Undoes the packing, for rows that are to be compared by their score alone.
pub(super) fn unpacked(packed: u64) -> (f32, u32) {
    (score_of(packed), row_of(packed))
}
