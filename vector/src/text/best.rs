//! The best texts of a search, equal ones by their ids: the order does not depend on where a text
//! stands in which segment. Scores nothing.

use std::{
    collections::{BinaryHeap, HashSet},
    sync::Arc,
};

use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};

use super::{
    fields::{ID_HALVES, id_of},
    score::{Scored, rounded},
    statistics::Counted,
};

/// Collects the best `k` of what is committed and counts.
pub(super) struct Best<'a> {
    pub k: usize,
    pub counted: &'a Counted,
}

/// The best of one segment.
pub(super) struct OfSegment {
    k: usize,
    ids: [Column<u64>; 2],
    dead: Arc<HashSet<DocId>>,
    heap: BinaryHeap<Scored>,
}

impl Collector for Best<'_> {
    type Fruit = Vec<Scored>;
    type Child = OfSegment;

    fn for_segment(
        &self,
        at: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<OfSegment> {
        let [high, low] = ID_HALVES.map(|half| segment.fast_fields().u64(half));
        let (ids, dead) = ([high?, low?], self.counted.dead(at as usize));
        Ok(OfSegment { k: self.k, ids, dead, heap: BinaryHeap::with_capacity(self.k + 1) })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<Scored>>) -> tantivy::Result<Vec<Scored>> {
        Ok(segments.into_iter().flatten().collect())
    }
}

impl SegmentCollector for OfSegment {
    type Fruit = Vec<Scored>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let score = rounded(score);
        let worst = self.heap.peek().filter(|_| self.heap.len() >= self.k);
        if worst.is_some_and(|worst| score < worst.score) || self.dead.contains(&doc) {
            return;
        }
        let [high, low] = self.ids.each_ref().map(|half| half.first(doc).unwrap_or_default());
        self.heap.push(Scored { score, id: id_of(high, low) });
        if self.heap.len() > self.k {
            self.heap.pop();
        }
    }

    fn harvest(self) -> Vec<Scored> {
        self.heap.into_vec()
    }
}
