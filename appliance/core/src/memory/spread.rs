//! How alike unrelated texts are for one embedder, summed up. Draws nothing and decides no floor.

use serde::{Deserialize, Serialize};

/// The cosines of random pairs of a question and a memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many pairs there were.
    pub pairs: u64,
    /// The sum of their cosines.
    pub sum: f64,
    /// The sum of the squares.
    pub squares: f64,
}

impl Spread {
    /// Adds one pair.
    pub fn add(&mut self, cosine: f32) {
        let cosine = f64::from(cosine);
        self.pairs += 1;
        self.sum += cosine;
        self.squares += cosine * cosine;
    }
}
