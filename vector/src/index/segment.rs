//! A segment: rows, how to find them by id, and once merged, its lists and its graph.
//!
//! Three lives: fresh (rows are appended, ids in a map), sealed (as fresh, but nothing is appended),
//! merged (lists, ids in order, and a graph when it is large). The planner here decides by counting
//! whether a search scans or walks. Does not know which rows are dead: the caller says.

use std::{cmp::Ordering, collections::HashMap};

use appliance_core::MemoryId;

use super::{
    bits::Bits,
    graph::{
        Graph,
        walk::{Field, Reach, Scratch},
    },
    lists::Lists,
    rows::Rows,
    tag::Wanted,
    top::pack,
};

/// Rows compared between two looks at the best so far; their numbers stay in the first cache.
const BATCH: usize = 256;

/// When a search of a list walks the graph instead of scanning the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// Lists up to this long are scanned.
    pub(super) scan_up_to: usize,
    /// Rows that a walk compares for each one it keeps.
    pub(super) walk_cost: usize,
}

impl Plan {
    /// A scan compares the `listed` rows, a walk that keeps `ef` as many times `walk_cost`, and the
    /// more the fewer of the rows it meets are listed.
    fn walks(self, listed: usize, rows: usize, ef: usize) -> bool {
        listed > self.scan_up_to && listed * listed > ef * self.walk_cost * rows
    }
}

/// Where ids are.
#[derive(Debug)]
pub(super) enum Ids {
    /// While rows are appended: the newest row of an id.
    Map(HashMap<MemoryId, u32>),
    /// Afterwards: all rows, ordered by id.
    Ordered(Vec<u32>),
}

/// What a merged segment has besides its rows.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) lists: Lists,
    pub(super) graph: Option<Graph>,
}

/// Rows and ways to find them.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) rows: Rows,
    pub(super) ids: Ids,
    pub(super) merged: Option<Merged>,
}

/// One search, as a segment sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) field: Field<'a>,
    pub(super) wanted: Wanted,
    pub(super) dead: &'a Bits,
    /// Rows the caller needs, by approximate score.
    pub(super) most: usize,
    /// Rows kept while walking.
    pub(super) ef: usize,
    pub(super) plan: Plan,
}

impl Segment {
    /// Makes an empty, fresh one.
    pub(super) fn fresh(dim: usize, room: usize) -> Self {
        let mut rows = Rows::new(dim);
        rows.reserve(room);
        Self { rows, ids: Ids::Map(HashMap::with_capacity(room)), merged: None }
    }

    /// Makes a merged one.
    pub(super) fn merged(rows: Rows, graph: Option<Graph>) -> Self {
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_unstable_by_key(|&row| (rows.ids[row as usize], row));
        let merged = Merged { lists: Lists::new(&rows), graph };
        Self { rows, ids: Ids::Ordered(order), merged: Some(merged) }
    }

    /// Returns the living row of an id.
    pub(super) fn find(&self, id: MemoryId, dead: &Bits) -> Option<u32> {
        let alive = |row: &u32| !dead.has(*row);
        match &self.ids {
            Ids::Map(ids) => ids.get(&id).copied().filter(alive),
            Ids::Ordered(order) => {
                let id_of = |row: &u32| self.rows.ids[*row as usize];
                let first = order.partition_point(|row| id_of(row).cmp(&id) == Ordering::Less);
                order[first..].iter().copied().take_while(|row| id_of(row) == id).find(alive)
            }
        }
    }

    /// Leaves the nearest living rows that are wanted in `scratch.found`: `ask.most` if there are as
    /// many.
    pub(super) fn nearest(&self, ask: &Ask<'_>, scratch: &mut Scratch) {
        let Some(merged) = &self.merged else {
            scan(ask, 0..self.rows.len() as u32, scratch);
            return;
        };
        let list = merged.lists.of(&ask.wanted);
        let reach = Reach { ef: ask.ef.max(ask.most), budget: list.len() };
        if let Some(graph) = &merged.graph
            && ask.plan.walks(list.len(), self.rows.len(), reach.ef)
        {
            let whole = graph.nearest(ask.field, reach, scratch, |row| ask.takes(row));
            if whole && scratch.found.len() >= ask.most {
                return;
            }
        }
        scan(ask, list.iter().copied(), scratch);
    }
}

impl Ask<'_> {
    fn takes(&self, row: u32) -> bool {
        self.field.rows.wanted(row, &self.wanted) && !self.dead.has(row)
    }
}

fn scan(ask: &Ask<'_>, rows: impl Iterator<Item = u32>, scratch: &mut Scratch) {
    let Scratch { found, picked, sums, .. } = scratch;
    found.restart(ask.most);
    let mut rows = rows.filter(|&row| ask.takes(row));
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
