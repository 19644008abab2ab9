//! How alike a question and a memory are that have nothing to do with each other: where relevance
//! begins.
//!
//! Embedders differ: for one, unrelated texts have a cosine of 0.1, for another 0.75. So the floor
//! of relevance is calibrated: each question is compared with some memories drawn at random, and the
//! floor lies [`DEVIATIONS`] under the mean of those pairs. Pairs of memories would not do: people's
//! remarks are more alike among each other than to questions. Knows no text.

use serde::{Deserialize, Serialize};

use super::find::dot;

/// Pairs from which on the measure is believed; until then nothing is under the floor.
const ENOUGH: u64 = 500;

/// How far under the mean of random pairs relevance begins. Under, because words and neighbours
/// bring in what the cosine misses: for the built-in embedder this comes to the floor that was found
/// by measuring, and the mean itself would cost four hundredths of recall (`docs/retrieval.md`).
const DEVIATIONS: f64 = 1.5;

/// Vectors that questions are compared with.
const KEPT: usize = 64;

/// How many of them each question is compared with.
const EACH: usize = 8;

/// The cosines of random pairs, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pairs: u64,
    sum: f64,
    squares: f64,
}

impl Spread {
    pub(super) fn add(&mut self, cosine: f32) {
        let cosine = f64::from(cosine);
        self.pairs += 1;
        self.sum += cosine;
        self.squares += cosine * cosine;
    }

    /// Returns the cosine at which relevance begins, once enough is known.
    #[must_use]
    pub fn floor(&self) -> Option<f32> {
        if self.pairs < ENOUGH {
            return None;
        }
        let count = self.pairs as f64;
        let mean = self.sum / count;
        let variance = (self.squares / count - mean * mean).max(0.0);
        Some((mean - DEVIATIONS * variance.sqrt()) as f32)
    }
}

/// Some stored vectors, and what questions have in common with them.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub spread: Spread,
    kept: Vec<Vec<f32>>,
    /// A linear congruential generator: which vector meets which, the same in every run.
    dice: u64,
}

impl Sample {
    pub(super) fn of(spread: Spread) -> Self {
        Self { spread, ..Self::default() }
    }

    /// Draws from the vectors that are stored.
    pub(super) fn meet(&mut self, vector: &[f32]) {
        if self.kept.len() < KEPT {
            self.kept.push(vector.to_vec());
        } else if self.throw().is_multiple_of(8) {
            let place = self.throw();
            vector.clone_into(&mut self.kept[place]);
        }
    }

    /// Compares a question with what was drawn.
    pub(super) fn ask(&mut self, question: &[f32]) {
        if self.kept.len() < KEPT {
            return;
        }
        for _ in 0..EACH {
            let other = self.throw();
            self.spread.add(dot(&self.kept[other], question));
        }
    }

    fn throw(&mut self) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.dice >> 33) as usize % KEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_lies_under_the_mean_of_random_pairs_and_is_silent_before_it_knows() {
        let mut spread = Spread::default();
        (0..499).for_each(|n| spread.add(if n % 2 == 0 { 0.7 } else { 0.8 }));
        assert_eq!(spread.floor(), None);
        spread.add(0.8);
        let floor = spread.floor().unwrap();
        assert!((floor - 0.675).abs() < 0.005, "{floor}");
    }

    #[test]
    fn questions_are_compared_with_what_is_stored_and_not_before_enough_is() {
        let mut sample = Sample::default();
        sample.ask(&[1.0, 0.0]);
        (0..500).for_each(|_| sample.meet(&[0.6, 0.8]));
        (0..100).for_each(|_| sample.ask(&[1.0, 0.0]));
        let floor = sample.spread.floor().unwrap();
        assert!((floor - 0.6).abs() < 0.001, "{floor}");
    }
}
