//! One search of one segment: scan a list, or walk the graph. Decides by counting.
//!
//! A walk compares a few thousand rows whatever the segment's size, but wastes those that the filter
//! refuses; a scan compares every row that passes and nothing else, a long one by signs first. How
//! many pass is known for a person and an agent, whose rows are listed, and guessed from a sample for
//! every other filter.
//!
//! Invariant: whichever way was taken, `most` rows are found when as many pass.

use super::{
    bits::Bits,
    card::Cards,
    graph::{
        Graph,
        walk::{Field, Gate, Reach, Scratch},
    },
    rows::Rows,
    segment::Segment,
    signs::{self, Asked},
    simd::prefetch,
    top::{pack, pack_whole},
    wanted::Wanted,
};

/// Rows compared between two looks at the best so far; their numbers stay in the first cache.
const BATCH: usize = 256;

/// Rows looked at to guess how many pass: one in a hundred is told from one in ten.
const SAMPLE: usize = 128;

/// When a search of a list walks the graph instead of scanning the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Lists up to this long are scanned.
    pub(super) scan_up_to: usize,
    /// Rows that a walk compares for each one it keeps.
    pub(super) walk_cost: usize,
}

impl Plan {
    /// A scan compares the `passing` rows, and where it sifts, only `enough` of them by their codes; a
    /// walk that keeps `ef` compares as many times `walk_cost`, and the more the fewer of the rows it
    /// meets pass.
    fn walks(self, passing: usize, enough: usize, columns: &Rows, ef: usize) -> bool {
        let scanned = if sifts(columns, passing, enough) {
            passing / columns.signs_a_code() + enough
        } else {
            passing
        };
        passing > self.scan_up_to && scanned * passing > ef * self.walk_cost * columns.len()
    }
}

/// A segment with what its rows are filtered by.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) segment: &'a Segment,
    pub(super) cards: &'a Cards,
    pub(super) dead: &'a Bits,
}

/// One search, as a segment sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) field: Field<'a>,
    pub(super) signs: &'a Asked<'a>,
    pub(super) wanted: &'a Wanted,
    /// Rows the caller needs, by approximate score.
    pub(super) most: usize,
    /// Rows kept while walking.
    pub(super) ef: usize,
    pub(super) plan: Plan,
}

impl View<'_> {
    /// Leaves the nearest living rows that are wanted in `scratch.found`: `ask.most` if there are as
    /// many.
    pub(super) fn nearest(&self, ask: &Ask<'_>, scratch: &mut Scratch) {
        let columns = &self.segment.rows;
        let Some(merged) = &self.segment.merged else {
            let all = 0..columns.len() as u32;
            self.scan(ask, all.filter(|&row| self.takes(ask, row)), scratch);
            return;
        };
        let list = merged.lists.of(ask.wanted);
        let open = ask.wanted.is_open(self.cards);
        if let Some(graph) = &merged.graph
            && list.len() > ask.plan.scan_up_to
            && self.walk(ask, graph, (list, open), scratch)
        {
            return;
        }
        let rows = list.iter().copied();
        match (open, self.dead.count()) {
            (true, 0) => self.scan(ask, rows, scratch),
            (true, _) => self.scan(ask, rows.filter(|&row| !self.dead.has(row)), scratch),
            (false, _) => self.scan(ask, rows.filter(|&row| self.takes(ask, row)), scratch),
        }
    }

    /// Walks where that is cheaper; tells whether it found enough.
    fn walk(
        &self,
        ask: &Ask<'_>,
        graph: &Graph,
        (list, open): (&[u32], bool),
        scratch: &mut Scratch,
    ) -> bool {
        let columns = &self.segment.rows;
        let passing = self.passing(ask, list);
        let reach = Reach { ef: ask.ef.max(ask.most), budget: list.len() };
        if !ask.plan.walks(passing, sifted(ask.most, passing), columns, reach.ef) {
            return false;
        }
        // A walk also meets rows that are on no list of the asker's, unless there are none.
        let whole = if open && list.len() == columns.len() {
            let gate = Gate { pass: |row| !self.dead.has(row), expect: |_| {} };
            graph.nearest(ask.field, reach, scratch, &gate)
        } else {
            let expect = |row: u32| prefetch(&self.cards.tags[row as usize]);
            let gate = Gate { pass: |row| self.takes(ask, row), expect };
            graph.nearest(ask.field, reach, scratch, &gate)
        };
        whole && scratch.found.len() >= ask.most
    }

    /// Guesses how many rows of a list pass.
    fn passing(&self, ask: &Ask<'_>, list: &[u32]) -> usize {
        if !ask.wanted.is_narrow() {
            return list.len();
        }
        let step = list.len().div_ceil(SAMPLE).max(1);
        let passing = list.iter().step_by(step).filter(|row| self.takes(ask, **row)).count();
        passing * step
    }

    fn takes(&self, ask: &Ask<'_>, row: u32) -> bool {
        ask.wanted.takes(self.cards, row) && !self.dead.has(row)
    }

    /// Leaves the nearest of `passing` in `scratch.found`.
    fn scan(&self, ask: &Ask<'_>, passing: impl Iterator<Item = u32>, scratch: &mut Scratch) {
        let Scratch { found, sieve, picked, sums, .. } = scratch;
        let Field { unit, rows: columns, query } = ask.field;
        picked.clear();
        picked.extend(passing);
        let enough = sifted(ask.most, picked.len());
        if sifts(columns, picked.len(), enough) {
            sieve.restart(enough);
            let offer = |row, sum| sieve.offer(pack_whole(sum, row));
            columns.sift(unit, ask.signs.planes(), picked, offer);
            sieve.rows_into(picked);
        }
        found.restart(ask.most);
        for batch in picked.chunks(BATCH) {
            columns.score(unit, query, batch, sums, |row, score| found.offer(pack(score, row)));
        }
    }
}

/// Rows of `passing` that are kept by their signs for `most` wanted: among them are 998 of 1,000
/// neighbours. Measured on sentence vectors, 384 and 1536 dimensions, 437 to 24,644 passing.
fn sifted(most: usize, passing: usize) -> usize {
    (most * 5 + passing / 10).min(most * 10)
}

/// Tells whether it pays to look at signs first.
fn sifts(columns: &Rows, passing: usize, enough: usize) -> bool {
    columns.dim >= signs::LEAST_DIM && passing > enough * 2
}
