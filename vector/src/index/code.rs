//! Eight bits a number: vectors as codes, and queries that codes can be compared with.
//!
//! A row keeps a scale of its own (largest magnitude / 127), so an outlier costs only its own row
//! precision. Loses about .0001 of the cosine to the original; the exact rerank gives that back.
//!
//! Invariant: a row's padding is 128, the code of zero.

use super::simd::{Block, Coded, LINE};

/// What is added to a signed code to store it unsigned.
const OFFSET: u8 = 128;

/// Returns how many blocks a row of `dim` numbers takes.
pub(super) fn stride(dim: usize) -> usize {
    dim.div_ceil(LINE)
}

/// Appends the codes of `values` and returns their scale.
pub(super) fn encode(values: &[f32], codes: &mut Vec<Block>) -> f32 {
    let scale = scale_of(values);
    for part in values.chunks(LINE) {
        let mut block = Block([OFFSET; LINE]);
        for (code, value) in block.0.iter_mut().zip(part) {
            *code = signed(*value, scale).cast_unsigned() ^ OFFSET;
        }
        codes.push(block);
    }
    scale
}

/// Returns the vector that a row of codes stands for.
pub(super) fn decode(codes: &[Block], scale: f32, dim: usize) -> Vec<f32> {
    let all = codes.iter().flat_map(|block| block.0).take(dim);
    all.map(|code| f32::from((code ^ OFFSET).cast_signed()) * scale).collect()
}

/// A query: 8-bit codes and the scale that turns sums back into cosines.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    pub(super) coded: Coded,
    pub(super) scale: f32,
}

impl Query {
    /// Codes a vector.
    pub(super) fn of(values: &[f32]) -> Self {
        let mut codes = Vec::with_capacity(stride(values.len()));
        let scale = encode(values, &mut codes);
        let mut query = Self::default();
        query.become_row(&codes, scale);
        query
    }

    /// Turns into the query of a stored row; keeps its memory.
    pub(super) fn become_row(&mut self, codes: &[Block], scale: f32) {
        self.scale = scale;
        self.coded.blocks.clear();
        self.coded.blocks.extend(codes.iter().map(|code| Block(code.0.map(|c| c ^ OFFSET))));
        // Unsigned sums of bytes are one instruction everywhere; the offset is taken off at the end.
        let sum_of = |code: &Block| code.0.iter().map(|&c| u32::from(c)).sum::<u32>();
        let sum = codes.iter().map(sum_of).sum::<u32>().cast_signed();
        let offsets = i32::from(OFFSET) * (codes.len() * LINE) as i32;
        self.coded.bias = (sum - offsets) * i32::from(OFFSET);
    }
}

/// A vector of unit length has a largest magnitude over zero.
fn scale_of(values: &[f32]) -> f32 {
    values.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs())) / 127.0
}

fn signed(value: f32, scale: f32) -> i8 {
    // In -127..=127 by the choice of the scale; `as` saturates and never wraps.
    (value / scale).round_ties_even() as i8
}

#[cfg(test)]
mod tests {
    use super::{Query, encode, stride};
    use appliance_core::Embedding;

    use crate::index::simd::Unit;

    fn vector(seed: u64, dim: usize) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1);
            (state >> 40) as f32 / 8_388_608.0 - 1.0
        };
        let values: Vec<f32> = (0..dim).map(|_| next()).collect();
        let length = Embedding::inner(&values, &values).sqrt();
        values.iter().map(|v| v / length).collect()
    }

    #[test]
    fn a_code_gives_the_cosine_back_within_a_hundredth() {
        for dim in [1, 20, 64, 65, 256, 384, 1_536] {
            let (a, b) = (vector(3, dim), vector(8, dim));
            let mut codes = Vec::new();
            let scale = encode(&a, &mut codes);
            assert_eq!(codes.len(), stride(dim));
            for query in [&a, &b] {
                let coded = Query::of(query);
                let mut sums = Vec::new();
                Unit::best().products(&codes, &coded.coded, &[0], &mut sums);
                let got = sums[0] as f32 * scale * coded.scale;
                assert!((got - Embedding::inner(&a, query)).abs() < 0.01, "dim {dim}: {got}");
            }
        }
    }
}
