//! One bit a number: what tells most of a long list apart before its codes are looked at.
//!
//! A row keeps the signs of its first numbers, a cache line at most; a query keeps four bits of each.
//! Their product orders rows roughly: of sentence vectors, the best ten of any list are among the
//! best hundred or two by it (384 and 1536 dimensions, 500 to 25,000 rows). Fewer bits than
//! [`LEAST_DIM`] tell too little.
//!
//! Source: Gao and Long, "`RaBitQ`: quantizing high-dimensional vectors with a theoretical error bound",
//! SIGMOD 2024, without its rotation, which the exact rerank makes up for.

use std::cell::OnceCell;

use super::simd::{Block, LINE, Planes, SIGN_WORDS};

/// Dimensions from which on signs are worth looking at.
pub(super) const LEAST_DIM: usize = 128;

/// The greatest magnitude of four bits whose sign is one of them.
const GREATEST: f32 = 7.0;

/// Returns the words in a row of signs.
pub(super) fn words(dim: usize) -> usize {
    dim.div_ceil(LINE).clamp(1, SIGN_WORDS)
}

/// Returns the signs of a row of codes: the high bit of each.
pub(super) fn of_row(codes: &[Block]) -> impl Iterator<Item = u64> {
    codes.iter().take(SIGN_WORDS).map(|block| plane(&block.0, 7))
}

/// Gathers one bit of every byte.
fn plane(bytes: &[u8; LINE], bit: u8) -> u64 {
    let lowest = u64::from_le_bytes([1; 8]);
    let eights = bytes.as_chunks::<8>().0.iter().map(|eight| {
        // Each factor's bit carries another byte's lowest bit to the highest byte.
        let bits = u64::from_le_bytes(*eight) >> bit & lowest;
        bits.wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    eights.rev().fold(0, |word, bits| word << 8 | bits)
}

/// A query's numbers, and what rows of signs are compared with, once that is asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    values: &'a [f32],
    planes: OnceCell<Planes>,
}

impl<'a> Asked<'a> {
    /// Computes nothing yet.
    pub(super) fn new(values: &'a [f32]) -> Self {
        Self { values, planes: OnceCell::new() }
    }

    /// Returns the query in four bits a number.
    pub(super) fn planes(&self) -> &Planes {
        self.planes.get_or_init(|| of_query(self.values))
    }
}

fn of_query(values: &[f32]) -> Planes {
    let values = &values[..values.len().min(SIGN_WORDS * LINE)];
    let most = values.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let mut planes = Planes::default();
    for (n, part) in values.chunks(LINE).enumerate() {
        let mut bytes = [0; LINE];
        for (byte, value) in bytes.iter_mut().zip(part) {
            *byte = ((value / most * GREATEST).round_ties_even() as i8).cast_unsigned();
        }
        for (bit, words) in (0..).zip(&mut planes.0) {
            words[n] = plane(&bytes, bit);
        }
    }
    planes
}

#[cfg(test)]
mod tests {
    use super::{of_query, of_row, words};
    use crate::index::{code::encode, simd::Unit};

    #[test]
    fn the_product_of_signs_adds_what_the_query_has_where_the_row_is_not_negative() {
        for dim in [1, 64, 100, 512, 1_000] {
            let row: Vec<f32> = (0..dim).map(|n| [0.5, -0.5, 0.0][n % 3]).collect();
            let query: Vec<f32> = (0..dim).map(|n| [0.7, 0.2, -0.1, -0.7, 0.4][n % 5]).collect();
            let most = query[0];
            let mut codes = Vec::new();
            encode(&row, &mut codes);
            let signs: Vec<u64> = of_row(&codes).collect();
            assert_eq!(signs.len(), words(dim));
            let kept = row.iter().zip(&query).take(512).filter(|(row, _)| **row >= 0.0);
            let wanted: i32 = kept.map(|(_, it)| (it / most * 7.0).round_ties_even() as i32).sum();
            for unit in Unit::here() {
                let mut got = Vec::new();
                let query = of_query(&query);
                unit.sign_products((&signs, words(dim)), &query, &[0], |_, sum| got.push(sum));
                assert_eq!(got, [wanted], "{unit:?}, {dim}");
            }
        }
    }
}
