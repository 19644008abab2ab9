//! Growing the graph, one row at a time, by codes alone.
//!
//! Source: Malkov and Yashunin, algorithms 1 (insert) and 4 (neighbours by heuristic, pruned ones
//! not kept). On the ground a new row may make as many links as it has places, as in faiss and
//! qdrant: a hundredth more recall at the same width than with half of them. A row's level follows
//! from its number, so equal rows in equal order give an equal graph.

use super::{
    EMPTY, GROUND_LINKS, Graph, Ground, LINKS, MOST_LEVELS,
    walk::{Field, Gate, Reach, Scratch, unpacked},
};
use crate::index::{
    code::Query,
    rows::Rows,
    simd::Unit,
    top::{pack, row_of},
};

/// Rows kept while looking for a new row's neighbours, as the paper's efConstruction.
const EF_BUILD: usize = 200;

/// Puts rows into a graph.
#[derive(Debug)]
pub(in crate::index) struct Builder<'a> {
    graph: Graph,
    rows: &'a Rows,
    unit: Unit,
    scratch: Scratch,
    query: Query,
    pair: Query,
    kept: Vec<u32>,
    sums: Vec<i32>,
}

impl<'a> Builder<'a> {
    /// Goes on with `graph`, which links the first of `rows`.
    pub(in crate::index) fn new(mut graph: Graph, rows: &'a Rows, unit: Unit) -> Self {
        graph.ground.reserve(rows.len() - graph.len());
        graph.towers.reserve(rows.len() - graph.towers.len());
        Self {
            graph,
            rows,
            unit,
            scratch: Scratch::default(),
            query: Query::default(),
            pair: Query::default(),
            kept: Vec::with_capacity(GROUND_LINKS),
            sums: Vec::with_capacity(GROUND_LINKS),
        }
    }

    /// Returns the graph.
    pub(in crate::index) fn finish(self) -> Graph {
        self.graph
    }

    /// Links the next row that is not in the graph yet; tells whether there was one.
    pub(in crate::index) fn step(&mut self) -> bool {
        let row = self.graph.len() as u32;
        if row as usize >= self.rows.len() {
            return false;
        }
        let level = level_of(row);
        self.make_places(row, level);
        if row == 0 {
            (self.graph.entry, self.graph.top) = (0, level);
            return true;
        }
        self.link(row, level);
        true
    }

    fn make_places(&mut self, row: u32, level: u8) {
        debug_assert_eq!(row as usize, self.graph.len());
        self.graph.ground.extend(&[Ground([EMPTY; GROUND_LINKS])]);
        let tower = if level == 0 { EMPTY } else { self.graph.upper.len() as u32 };
        self.graph.towers.extend(&[tower]);
        (0..level).for_each(|_| self.graph.upper.extend(&[[EMPTY; LINKS]]));
    }

    /// Algorithm 1.
    fn link(&mut self, row: u32, level: u8) {
        let mut query = std::mem::take(&mut self.query);
        query.become_row(self.rows.code(row), self.rows.scales[row as usize]);
        let field = Field { unit: self.unit, rows: self.rows, query: &query };
        let top = self.graph.top;
        let mut start = self.graph.start(field, &mut self.scratch);
        start = self.graph.descend(field, start, top, level.min(top), &mut self.scratch);
        for level in (0..=level.min(top)).rev() {
            let reach = Reach { ef: EF_BUILD, budget: usize::MAX };
            let all = Gate { pass: |_| true, expect: |_| {} };
            self.graph.search_level(field, start, level, reach, &mut self.scratch, &all);
            let mut near = Vec::with_capacity(EF_BUILD);
            self.scratch.found.drain_into(&mut near);
            near.retain(|&packed| row_of(packed) != row);
            near.sort_unstable_by(|a, b| b.cmp(a));
            start = near.first().copied().unwrap_or(start);
            self.connect(row, level, &near);
        }
        if level > top {
            (self.graph.entry, self.graph.top) = (row, level);
        }
        self.query = query;
    }

    /// Links `row` to the best of `near`, and those back to it.
    fn connect(&mut self, row: u32, level: u8, near: &[u64]) {
        let most = if level == 0 { GROUND_LINKS } else { LINKS };
        let chosen = self.choose(near, most);
        set(self.graph.places_mut(row, level), &chosen);
        for &packed in &chosen {
            let (score, neighbour) = unpacked(packed);
            self.link_back(neighbour, row, score, level);
        }
    }

    /// Gives `from` a link to `to`, if need be instead of the link it can best do without.
    fn link_back(&mut self, from: u32, to: u32, score: f32, level: u8) {
        let places = self.graph.places_mut(from, level);
        if let Some(free) = places.iter_mut().find(|link| **link == EMPTY) {
            *free = to;
            return;
        }
        let links = places.to_vec();
        let mut pair = std::mem::take(&mut self.pair);
        pair.become_row(self.rows.code(from), self.rows.scales[from as usize]);
        let mut near = vec![pack(score, to)];
        self.rows.score(self.unit, &pair, &links, &mut self.sums, |row, score| {
            near.push(pack(score, row));
        });
        self.pair = pair;
        near.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = self.choose(&near, links.len());
        set(self.graph.places_mut(from, level), &chosen);
    }

    /// Algorithm 4: of `near`, nearest first, those that are nearer to the base than to any chosen
    /// before them, at most `most`.
    fn choose(&mut self, near: &[u64], most: usize) -> Vec<u64> {
        let mut chosen = Vec::with_capacity(most);
        let mut pair = std::mem::take(&mut self.pair);
        self.kept.clear();
        for &packed in near {
            if chosen.len() == most {
                break;
            }
            let (score, row) = unpacked(packed);
            pair.become_row(self.rows.code(row), self.rows.scales[row as usize]);
            if !self.crowded(&pair, score) {
                chosen.push(packed);
                self.kept.push(row);
            }
        }
        self.pair = pair;
        chosen
    }

    /// Tells whether a kept row is nearer to `pair` than its base is. Looks at a few at a time: most
    /// candidates are refused by the first kept rows.
    fn crowded(&mut self, pair: &Query, score: f32) -> bool {
        self.kept.chunks(4).any(|few| {
            let mut crowded = false;
            self.rows.score(self.unit, pair, few, &mut self.sums, |_, other| {
                crowded |= other > score;
            });
            crowded
        })
    }
}

fn set(places: &mut [u32], links: &[u64]) {
    places.fill(EMPTY);
    for (place, &link) in places.iter_mut().zip(links) {
        *place = row_of(link);
    }
}

/// Draws a row's level: one row in sixteen reaches the next one. Dumps rest on it: another draw is
/// another layout.
pub(in crate::index) fn level_of(row: u32) -> u8 {
    // splitmix64: spreads consecutive numbers over all bits.
    let mut bits = u64::from(row).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // Four zero bits have a chance of one in sixteen.
    (bits.trailing_zeros() / 4).min(u32::from(MOST_LEVELS)) as u8
}
