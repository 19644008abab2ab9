//! A vector of unit length, the form in which meanings are compared. Computes no distance.

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
}
