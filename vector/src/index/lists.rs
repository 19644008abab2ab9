//! Who owns which rows of a merged segment: a list a person, cut by agent.
//!
//! One column of row numbers, ordered by owner, agent, row; a list is a slice of it, ascending
//! within each agent, which a flat scan reads almost in order. Knows nothing of tiers or the dead.

use std::{collections::HashMap, ops::Range};

use super::{
    rows::Rows,
    tag::{AGENTS, Tag, Wanted},
};

/// The lists of one segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    order: Vec<u32>,
    /// Where an owner's agents begin in `order`, and where the last one ends.
    cuts: HashMap<u32, [u32; AGENTS + 1]>,
}

impl Lists {
    /// Lists all of `rows`.
    pub(super) fn new(rows: &Rows) -> Self {
        let key = |tag: &Tag| (tag.owner, tag.agent);
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        order.sort_by_key(|&row| key(&rows.tags[row as usize]));
        let mut cuts: HashMap<u32, [u32; AGENTS + 1]> = HashMap::new();
        let mut at = 0;
        for run in
            order.chunk_by(|&a, &b| key(&rows.tags[a as usize]) == key(&rows.tags[b as usize]))
        {
            let tag = rows.tags[run[0] as usize];
            let owner = cuts.entry(tag.owner).or_insert([at; AGENTS + 1]);
            at += run.len() as u32;
            owner[usize::from(tag.agent) + 1..].fill(at);
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
