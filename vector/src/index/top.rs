//! The best few of many: a bounded heap over scores and rows packed into one number.
//!
//! Packed numbers compare as (score, then the lower row first), so a comparison is one instruction
//! and ties have one order.

use std::{cmp::Reverse, collections::BinaryHeap};

/// A score and a row in one number; the greater, the nearer.
pub(super) fn pack(score: f32, row: u32) -> u64 {
    let bits = score.to_bits();
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    u64::from(ordered) << 32 | u64::from(!row)
}

/// Returns the row of a packed number.
pub(super) fn row_of(packed: u64) -> u32 {
    !(packed as u32)
}

/// Returns the score of a packed number.
pub(super) fn score_of(packed: u64) -> f32 {
    let ordered = (packed >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

/// The greatest `limit` packed numbers offered.
#[derive(Debug, Default)]
pub(super) struct Top {
    limit: usize,
    heap: BinaryHeap<Reverse<u64>>,
    floor: u64,
}

impl Top {
    /// Empties it for another use.
    pub(super) fn restart(&mut self, limit: usize) {
        self.limit = limit;
        self.heap.clear();
        self.floor = 0;
    }

    /// Takes `packed` if it is among the greatest so far.
    pub(super) fn offer(&mut self, packed: u64) {
        if packed <= self.floor || self.limit == 0 {
            return;
        }
        self.heap.push(Reverse(packed));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
        if self.heap.len() == self.limit {
            self.floor = self.heap.peek().map_or(0, |least| least.0);
        }
    }

    /// Tells whether `packed` would be taken.
    pub(super) fn takes(&self, packed: u64) -> bool {
        packed > self.floor
    }

    /// Returns how many it holds.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Moves what it holds to the end of `out`, in no order.
    pub(super) fn drain_into(&mut self, out: &mut Vec<u64>) {
        out.extend(self.heap.drain().map(|packed| packed.0));
        self.floor = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Top, pack, row_of, score_of};

    #[test]
    fn packed_numbers_order_by_score_then_by_the_lower_row() {
        let ordered = [(-1.0, 4), (-0.5, 9), (-0.5, 2), (0.0, 7), (0.25, 1), (1.0, 1), (1.0, 0)];
        let packed: Vec<u64> = ordered.iter().map(|&(score, row)| pack(score, row)).collect();
        assert!(packed.is_sorted());
        for (&(score, row), &packed) in ordered.iter().zip(&packed) {
            assert_eq!((score_of(packed), row_of(packed)), (score, row));
        }
    }

    #[test]
    fn the_top_keeps_the_greatest_and_no_more_than_its_limit() {
        for limit in [0, 1, 3, 100] {
            let mut top = Top::default();
            top.restart(limit);
            (0..50_u64).for_each(|n| top.offer(n * 37 % 50 + 1));
            let mut kept = Vec::new();
            top.drain_into(&mut kept);
            kept.sort_unstable_by(|a, b| b.cmp(a));
            let wanted: Vec<u64> = (1..=50).rev().take(limit).collect();
            assert_eq!(kept, wanted);
        }
    }
}
