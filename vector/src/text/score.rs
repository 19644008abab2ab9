//! What a text is worth to a question, as a number that does not depend on the way it came about.
//! Computes none.

use std::cmp::Ordering;

use appliance_core::MemoryId;
use tantivy::{Score, fieldnorm::FieldNormReader};

/// Steps of a score: sums of floats depend on their order in the last digits.
const STEPS: f32 = 8_192.0;

/// Returns a score without its last digits.
pub(super) fn rounded(score: Score) -> Score {
    (score * STEPS).round() / STEPS
}

/// A text that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scored {
    pub score: Score,
    pub id: MemoryId,
}

impl Eq for Scored {}

impl Ord for Scored {
    /// The better one is less: what a heap has on top is the worst.
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns a text's length as it is kept.
pub(super) fn kept_length(words: u32) -> u32 {
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(words))
}
