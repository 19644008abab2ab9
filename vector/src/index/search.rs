//! One search of one segment: scan a list, or walk the graph. Decides by counting.
//!
//! A walk compares a few thousand rows whatever the segment's size, but wastes those that the filter
//! refuses; a scan compares every row that passes and nothing else. How many pass is known for a
//! person and an agent, whose rows are listed, and guessed from a sample for every other filter.
//!
//! Invariant: whichever way was taken, `most` rows are found when as many pass.

use super::{
    bits::Bits,
    card::Cards,
    graph::walk::{Field, Reach, Scratch},
    segment::Segment,
    top::pack,
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
    /// A scan compares the `passing` rows, a walk that keeps `ef` as many times `walk_cost`, and the
    /// more the fewer of the rows it meets pass.
    fn walks(self, passing: usize, rows: usize, ef: usize) -> bool {
        passing > self.scan_up_to && passing * passing > ef * self.walk_cost * rows
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
        let Some(merged) = &self.segment.merged else {
            self.scan(ask, 0..self.segment.rows.len() as u32, scratch);
            return;
        };
        let list = merged.lists.of(ask.wanted);
        let reach = Reach { ef: ask.ef.max(ask.most), budget: list.len() };
        if let Some(graph) = &merged.graph
            && list.len() > ask.plan.scan_up_to
            && ask.plan.walks(self.passing(ask, list), self.segment.rows.len(), reach.ef)
        {
            let whole = graph.nearest(ask.field, reach, scratch, |row| self.takes(ask, row));
            if whole && scratch.found.len() >= ask.most {
                return;
            }
        }
        self.scan(ask, list.iter().copied(), scratch);
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

    fn scan(&self, ask: &Ask<'_>, rows: impl Iterator<Item = u32>, scratch: &mut Scratch) {
        let Scratch { found, picked, sums, .. } = scratch;
        found.restart(ask.most);
        let mut rows = rows.filter(|&row| self.takes(ask, row));
        loop {
            picked.clear();
            picked.extend(rows.by_ref().take(BATCH));
            if picked.is_empty() {
                return;
            }
            let Field { unit, rows: columns, query } = ask.field;
            columns.score(unit, query, picked, sums, |row, score| found.offer(pack(score, row)));
        }
    }
}
