//! A vector of unit length, the form in which meanings are compared, and the one product that compares them.
//!
//! Sixteen independent sums break the chain of additions, so that the compiler turns it into SIMD on
//! any target; their order is fixed, so equal input gives equal output on every machine.

/// Sums side by side.
const LANES: usize = 16;

/// A vector of unit length; `len()` is the embedder's dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Scales `values` to unit length; `None` for a zero, empty or non-finite vector.
    #[must_use]
    pub fn normalised(mut values: Vec<f32>) -> Option<Self> {
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length < f32::EPSILON {
            return None;
        }
        for value in &mut values {
            *value /= length;
        }
        Some(Self(values))
    }

    /// Returns the values, `[dim] f32` of unit length.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Returns how near two meanings are, in -1..=1; rounding may carry a product a little over.
    #[must_use]
    #[inline] // into the scans of other crates, whose loops it is
    pub fn cosine(&self, other: &Self) -> f32 {
        Self::inner(&self.0, &other.0).clamp(-1.0, 1.0)
    }

    /// Returns the inner product of two slices of one length: for values that are kept elsewhere.
    #[must_use]
    #[inline]
    pub fn inner(a: &[f32], b: &[f32]) -> f32 {
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
}

#[cfg(test)]
mod tests {
    use super::Embedding;

    #[test]
    fn an_embedding_has_unit_length_or_is_none() {
        let unit = Embedding::normalised(vec![3.0, 4.0]);
        assert_eq!(unit.as_ref().map(Embedding::values), Some(&[0.6, 0.8][..]));
        assert_eq!(Embedding::normalised(vec![0.0; 4]), None);
        assert_eq!(Embedding::normalised(vec![f32::NAN, 1.0]), None);
        assert_eq!(Embedding::normalised(vec![]), None);
    }

    #[test]
    fn the_product_counts_every_element_whatever_the_length() {
        for length in [0, 1, 15, 16, 17, 256, 257] {
            let ones = vec![1.0_f32; length];
            let twos = vec![2.0_f32; length];
            assert_eq!(Embedding::inner(&ones, &twos), 2.0 * length as f32, "length {length}");
        }
    }
}
