//! Merging: small segments become large ones, the dead are left behind, large ones get a graph.
//!
//! Runs beside searches and changes: it reads segments that no longer change, and what died
//! meanwhile is marked when the result is put in their place. Rows that stay in the largest segment
//! keep their links; only new ones are inserted.
//!
//! Invariant: the result holds every row that its sources held alive when they are replaced.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    bits::Bits,
    graph::{EMPTY, Graph, build::Builder},
    rows::Rows,
    segment::Segment,
    simd::Unit,
    state::{Part, State},
};

/// A merged segment joins the next merge while it is at most this many times as large as what is
/// new: copying its codes then costs less than a tenth of linking the new rows.
const JOINS_UP_TO: usize = 32;

/// One row in this many dead: the segment is built anew without them.
const DEAD_SHARE: usize = 5;

/// What to merge.
#[derive(Debug)]
pub(super) struct Job {
    /// Kept as it is, its rows first.
    base: Option<Part>,
    /// Copied after it, without their dead.
    rest: Vec<Part>,
}

/// A finished merge.
#[derive(Debug)]
pub(super) struct Outcome {
    segment: Segment,
    /// For each of the rest, where its rows are now; [`EMPTY`] for the dead.
    moved: Vec<Vec<u32>>,
}

/// How to build.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) unit: Unit,
    /// Rows from which on a segment gets a graph.
    pub(super) graph_from: usize,
    /// Set when nobody needs the result any more.
    pub(super) stop: &'a AtomicBool,
}

impl Job {
    /// Chooses what to merge next, if anything is due.
    pub(super) fn due(state: &State) -> Option<Self> {
        let (mut old, mut taken): (Vec<&Part>, Vec<&Part>) =
            state.parts.iter().partition(|part| part.segment.merged.is_some());
        if taken.is_empty() {
            let decayed = old.into_iter().find(|part| decayed(part))?;
            return Some(Self { base: None, rest: vec![decayed.clone()] });
        }
        old.sort_by_key(|part| part.segment.rows.len());
        let mut size: usize = taken.iter().map(|part| part.segment.rows.len()).sum();
        for part in old {
            let rows = part.segment.rows.len();
            if rows > size * JOINS_UP_TO {
                break;
            }
            taken.push(part);
            size += rows;
        }
        Some(Self::of(taken))
    }

    /// Chooses everything, unless it is in one piece already.
    pub(super) fn everything(state: &State) -> Option<Self> {
        let whole = |part: &Part| part.segment.merged.is_some() && !decayed(part);
        if state.parts.is_empty() || (state.parts.len() == 1 && whole(&state.parts[0])) {
            return None;
        }
        Some(Self::of(state.parts.iter().collect()))
    }

    fn of(mut parts: Vec<&Part>) -> Self {
        parts.sort_by_key(|part| part.segment.rows.len());
        let keeps = |part: &&Part| part.segment.merged.is_some() && !decayed(part);
        let base = parts.pop_if(|part| keeps(part)).cloned();
        Self { base, rest: parts.into_iter().cloned().collect() }
    }

    /// Does the work; `None` when it was stopped.
    pub(super) fn run(&self, dim: usize, means: Means<'_>) -> Option<Outcome> {
        let base = self.base.as_ref().map(|part| part.segment.as_ref());
        let mut rows = base.map_or_else(|| Rows::new(dim), |base| base.rows.clone());
        let alive = |part: &Part| part.segment.rows.len() - part.dead.count();
        rows.reserve(self.rest.iter().map(alive).sum());
        let moved = self.rest.iter().map(|part| copy(part, &mut rows)).collect();
        let mut graph = None;
        if rows.len() >= means.graph_from {
            let links = base.and_then(|base| base.merged.as_ref()?.graph.clone());
            graph = Some(grow(links.unwrap_or_default(), &rows, means)?);
        }
        Some(Outcome { segment: Segment::merged(rows, graph), moved })
    }

    /// Puts the outcome in the place of its sources; returns these, to be freed outside the lock.
    pub(super) fn install(&self, outcome: Outcome, state: &mut State) -> Vec<Part> {
        let mut dead = Bits::default();
        let mut replaced = Vec::new();
        let sources = self.base.iter().map(|part| (part, None));
        let rest = self.rest.iter().zip(outcome.moved.iter().map(Some));
        for (part, moved) in sources.chain(rest) {
            let same = |other: &Part| Arc::ptr_eq(&other.segment, &part.segment);
            let Some(at) = state.parts.iter().position(same) else { continue };
            let now = state.parts.remove(at);
            for row in now.dead.rows() {
                let row = moved.map_or(row, |moved| moved[row as usize]);
                if row != EMPTY {
                    dead.add(row);
                }
            }
            replaced.push(now);
        }
        let segment = Arc::new(outcome.segment);
        if segment.rows.len() > 0 {
            state.parts.insert(0, Part { segment, dead });
        }
        replaced
    }
}

/// Tells whether enough of a segment is dead to build it anew.
pub(super) fn decayed(part: &Part) -> bool {
    part.dead.count() * DEAD_SHARE > part.segment.rows.len()
}

fn copy(part: &Part, rows: &mut Rows) -> Vec<u32> {
    let all = 0..part.segment.rows.len() as u32;
    let place = |row| match part.dead.has(row) {
        true => EMPTY,
        false => rows.push_from(&part.segment.rows, row),
    };
    all.map(place).collect()
}

fn grow(links: Graph, rows: &Rows, means: Means<'_>) -> Option<Graph> {
    let mut builder = Builder::new(links, rows, means.unit);
    while builder.step() {
        if means.stop.load(Ordering::Relaxed) {
            return None;
        }
    }
    Some(builder.finish())
}
