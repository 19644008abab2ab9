//! Who owns which rows of a merged segment: a list a person, cut by agent.
//!
//! One column of row numbers, ordered by owner, agent, row; a list is a slice of it, ascending
//! within each agent, which a flat scan reads almost in order. Knows no other filter and no dead.

use std::{collections::HashMap, ops::Range};

use super::{
    card::{AGENTS, Whose},
    mapped::{Column, numbered},
    wanted::Wanted,
};

/// The lists of one segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    pub(super) order: Column<u32>,
    /// Where an owner's agents begin in `order`, and where the last one ends.
    pub(super) cuts: HashMap<u32, [u32; AGENTS + 1]>,
}

impl Lists {
    /// Lists rows by whose they are.
    pub(super) fn new(whose: &[Whose]) -> Self {
        let key = |row: u32| whose[row as usize];
        let mut order = numbered(whose.len());
        order.values_mut().sort_unstable_by_key(|&row| (key(row), row));
        let mut cuts: HashMap<u32, [u32; AGENTS + 1]> = HashMap::new();
        let mut at = 0;
        for run in order.chunk_by(|&a, &b| key(a) == key(b)) {
            let Whose { owner, agent } = key(run[0]);
            let ends = cuts.entry(owner).or_insert([at; AGENTS + 1]);
            at += run.len() as u32;
            ends[agent as usize + 1..].fill(at);
        }
        Self { order, cuts }
    }

    /// Returns the rows that an owner, and an agent if one is wanted, may find.
    pub(super) fn of(&self, wanted: &Wanted) -> &[u32] {
        let Some(cuts) = self.cuts.get(&wanted.owner) else { return &[] };
        let agents: Range<usize> = match wanted.agent {
            Some(agent) => usize::from(agent)..usize::from(agent) + 1,
            None => 0..AGENTS,
        };
        &self.order[cuts[agents.start] as usize..cuts[agents.end] as usize]
    }
}
