//! A segment: rows, how to find them by id, and once merged, its lists and its graph.
//!
//! Three lives: fresh (rows are appended, ids in a table), sealed (as fresh, but nothing is appended),
//! merged (lists, ids in order, and a graph when it is large). Searched by [`search`](super::search).
//! Knows neither what its rows are filtered by nor which are dead: the caller says.

use std::{cmp::Ordering, sync::OnceLock};

use appliance_core::MemoryId;

use super::{
    bits::Bits,
    card::Whose,
    folder::Number,
    graph::Graph,
    lists::Lists,
    mapped::{Column, numbered},
    rows::Rows,
    table::Table,
};

/// Where ids are.
#[derive(Debug)]
pub(super) enum Ids {
    /// While rows are appended: the newest row of an id.
    Table(Table),
    /// Afterwards: all rows, ordered by id.
    Ordered(Column<u32>),
}

/// What a merged segment has besides its rows.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) lists: Lists,
    pub(super) graph: Option<Graph>,
    /// Where it was saved, if it was.
    pub(super) kept: OnceLock<Kept>,
}

/// A saved segment's file.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) number: Number,
    /// Of its head, which has the checksums of all the rest.
    pub(super) sum: u64,
}

/// Rows and ways to find them.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) rows: Rows,
    pub(super) ids: Ids,
    pub(super) merged: Option<Merged>,
}

impl Segment {
    /// Makes an empty, fresh one.
    pub(super) fn fresh(dim: usize, room: usize) -> Self {
        let mut rows = Rows::new(dim);
        rows.reserve(room);
        Self { rows, ids: Ids::Table(Table::with_room(room)), merged: None }
    }

    /// Makes a merged one.
    pub(super) fn merged(rows: Rows, whose: &[Whose], graph: Option<Graph>) -> Self {
        let mut order = numbered(rows.len());
        order.values_mut().sort_unstable_by_key(|&row| (rows.ids[row as usize], row));
        let merged = Merged { lists: Lists::new(whose), graph, kept: OnceLock::new() };
        Self { rows, ids: Ids::Ordered(order), merged: Some(merged) }
    }

    /// Returns the living row of an id.
    pub(super) fn find(&self, id: MemoryId, dead: &Bits) -> Option<u32> {
        let alive = |row: &u32| !dead.has(*row);
        match &self.ids {
            Ids::Table(table) => table.get(id, &self.rows.ids).filter(alive),
            Ids::Ordered(order) => {
                let id_of = |row: &u32| self.rows.id(*row);
                let first = order.partition_point(|row| id_of(row).cmp(&id) == Ordering::Less);
                order[first..].iter().copied().take_while(|row| id_of(row) == id).find(alive)
            }
        }
    }
}

impl AsRef<Self> for Segment {
    fn as_ref(&self) -> &Self {
        self
    }
}
