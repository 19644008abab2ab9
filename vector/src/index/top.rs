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

/// Packs a whole number instead of a score: orders alike, and costs no branch.
pub(super) fn pack_whole(sum: i32, row: u32) -> u64 {
    u64::from(sum.cast_unsigned() ^ 1 << 31) << 32 | u64::from(!row)
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

/// The greatest of many packed numbers where hundreds are kept: sorts out now and then, and takes
/// one without a branch.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    limit: usize,
    held: Vec<u64>,
    count: usize,
    floor: u64,
}

impl Sieve {
    /// Numbers held for each one kept: few enough to stay in the first cache.
    const SLACK: usize = 4;

    /// Empties it for another use.
    pub(super) fn restart(&mut self, limit: usize) {
        (self.limit, self.count, self.floor) = (limit.max(1), 0, 0);
        self.held.resize(self.limit * Self::SLACK, 0);
    }

    /// Takes `packed` unless enough greater ones are known.
    pub(super) fn offer(&mut self, packed: u64) {
        self.held[self.count] = packed;
        self.count += usize::from(packed > self.floor);
        if self.count == self.held.len() {
            self.sort_out();
        }
    }

    /// Leaves the rows of the greatest `limit` in `rows`, in no order.
    pub(super) fn rows_into(&mut self, rows: &mut Vec<u32>) {
        self.sort_out();
        rows.clear();
        rows.extend(self.held[..self.count].iter().copied().map(row_of));
    }

    fn sort_out(&mut self) {
        if self.count > self.limit {
            let held = &mut self.held[..self.count];
            let (_, least, _) = held.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a));
            (self.floor, self.count) = (*least, self.limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sieve, Top, pack, pack_whole, row_of, score_of};

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

    #[test]
    fn the_sieve_keeps_the_rows_of_the_greatest() {
        for limit in [1, 3, 40, 100] {
            let mut sieve = Sieve::default();
            sieve.restart(limit);
            (0..50_u32)
                .map(|n| n * 37 % 50)
                .for_each(|n| sieve.offer(pack_whole(n.cast_signed() - 25, n)));
            let mut rows = vec![9];
            sieve.rows_into(&mut rows);
            rows.sort_unstable_by(|a, b| b.cmp(a));
            let wanted: Vec<u32> = (0..50).rev().take(limit).collect();
            assert_eq!(rows, wanted);
        }
    }
}
