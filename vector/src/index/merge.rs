//! Merging: small segments become large ones, the dead are left behind, large ones get a graph.
//!
//! Runs beside searches and changes: it reads segments that no longer change, and what died
//! meanwhile is marked, and what rows are filtered by is taken over, when the result is put in their
//! place. Rows that stay in the largest segment keep their links; only new ones are inserted.
//!
//! Invariant: the result holds every row that its sources held alive when they are replaced, with the
//! card it then had.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    bits::Bits,
    card::{Cards, Whose},
    folder::Folder,
    graph::{EMPTY, Graph, build::Builder},
    mapped::Column,
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

/// A segment as it was when the job was chosen.
#[derive(Debug)]
struct Source {
    segment: Arc<Segment>,
    whose: Column<Whose>,
    dead: Bits,
}

impl Source {
    fn of(part: &Part) -> Self {
        let (segment, dead) = (Arc::clone(&part.segment), part.dead.clone());
        Self { segment, whose: part.cards.whose(), dead }
    }

    fn alive(&self) -> usize {
        self.segment.rows.len() - self.dead.count()
    }
}

/// What to merge.
#[derive(Debug)]
pub(super) struct Job {
    /// Kept as it is, its rows first.
    base: Option<Source>,
    /// Copied after it, without their dead.
    rest: Vec<Source>,
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
    /// Where exact vectors go.
    pub(super) folder: &'a Arc<Folder>,
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
            return Some(Self { base: None, rest: vec![Source::of(decayed)] });
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
        let base = parts.pop_if(|part| keeps(part)).map(Source::of);
        Self { base, rest: parts.into_iter().map(Source::of).collect() }
    }

    /// Does the work; `None` when it was stopped.
    pub(super) fn run(&self, dim: usize, means: Means<'_>) -> Option<Outcome> {
        let base = self.base.as_ref();
        let mut rows = base.map_or_else(|| Rows::new(dim), |base| base.segment.rows.clone());
        let mut whose = base.map_or_else(Column::default, |base| base.whose.clone());
        whose.reserve(self.rest.iter().map(Source::alive).sum());
        rows.reserve(self.rest.iter().map(Source::alive).sum());
        let moved = self.rest.iter().map(|source| copy(source, &mut rows, &mut whose)).collect();
        let mut graph = None;
        if rows.len() >= means.graph_from {
            let links = base.and_then(|base| base.segment.merged.as_ref()?.graph.clone());
            graph = Some(grow(links.unwrap_or_default(), &rows, means)?);
        }
        Self::leave_memory(&mut rows, means.folder);
        Some(Outcome { segment: Segment::merged(rows, &whose, graph), moved })
    }

    /// Exact vectors that cannot be written stay in memory until the next merge: searches give the
    /// same.
    fn leave_memory(rows: &mut Rows, folder: &Arc<Folder>) {
        if let Err(error) = rows.move_to_file(folder) {
            tracing::warn!(
                event = "degraded",
                %error,
                "exact vectors stay in memory: their file cannot be written; check the free space"
            );
        }
    }

    /// Puts the outcome in the place of its sources; returns these, to be freed outside the lock.
    pub(super) fn install(&self, outcome: Outcome, state: &mut State) -> Vec<Part> {
        let Outcome { segment, moved } = outcome;
        let mut sources = self.base.iter().chain(&self.rest);
        let place = |source: &Source| {
            state.parts.iter().position(|part| Arc::ptr_eq(&part.segment, &source.segment))
        };
        if sources.any(|source| place(source).is_none()) {
            return Vec::new();
        }
        let mut take = |source: &Source| {
            let at = state.parts.iter().position(|it| Arc::ptr_eq(&it.segment, &source.segment));
            at.map(|at| state.parts.remove(at))
        };
        let base = self.base.as_ref().and_then(&mut take);
        let rest: Vec<Part> = self.rest.iter().filter_map(take).collect();
        let (mut cards, mut dead) = (Cards::default(), Bits::default());
        let mut replaced = Vec::new();
        if let Some(Part { segment, cards: kept, dead: gone }) = base {
            (cards, dead) = (kept, gone.clone());
            replaced.push(Part { segment, cards: Cards::default(), dead: gone });
        }
        for (part, moved) in rest.iter().zip(&moved) {
            let rows = (0..).zip(moved).filter(|(_, to)| **to != EMPTY);
            for (from, &to) in rows {
                cards.push(&part.cards.get(from));
                if part.dead.has(from) {
                    dead.add(to);
                }
            }
        }
        replaced.extend(rest);
        if segment.rows.len() > 0 {
            state.parts.insert(0, Part { segment: Arc::new(segment), cards, dead });
        }
        replaced
    }
}

/// Tells whether enough of a segment is dead to build it anew.
pub(super) fn decayed(part: &Part) -> bool {
    part.dead.count() * DEAD_SHARE > part.segment.rows.len()
}

/// Appends the living rows of `source`; returns where each row is now.
fn copy(source: &Source, rows: &mut Rows, whose: &mut Column<Whose>) -> Vec<u32> {
    let place = |(row, owner): (u32, &Whose)| {
        if source.dead.has(row) {
            return EMPTY;
        }
        whose.extend(&[*owner]);
        rows.push_from(&source.segment.rows, row)
    };
    (0..).zip(source.whose.iter()).map(place).collect()
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
