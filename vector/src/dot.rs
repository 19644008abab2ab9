//! The inner product, written so that the compiler turns it into SIMD on any target. Checks nothing.
//!
//! Sixteen independent sums break the chain of additions; the order of additions is fixed, so equal
//! input gives equal output on every machine.

const LANES: usize = 16;

/// Returns the inner product of two slices of one length; the cosine for unit vectors.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::dot;

    #[test]
    fn the_product_counts_every_element_whatever_the_length() {
        for length in [0, 1, 15, 16, 17, 256, 257] {
            let ones = vec![1.0_f32; length];
            let twos = vec![2.0_f32; length];
            assert_eq!(dot(&ones, &twos), 2.0 * length as f32, "length {length}");
        }
    }
}
