//! How alike a question and a memory are that have nothing to do with each other: where relevance
//! begins.
//!
//! Embedders differ: for one, unrelated texts have a cosine of 0.1, for another 0.75. So the floor
//! of relevance is calibrated: each question is compared with some memories drawn at random, and the
//! floor lies [`DEVIATIONS`] under the mean of those pairs. Pairs of memories would not do: people's
//! remarks are more alike among each other than to questions. Knows no text.

use appliance_core::{Embedding, memory::Spread};

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

/// Returns the cosine at which relevance begins, once enough is known.
pub(crate) fn floor(spread: &Spread) -> Option<f32> {
    if spread.pairs < ENOUGH {
        return None;
    }
    let count = spread.pairs as f64;
    let mean = spread.sum / count;
    let variance = (spread.squares / count - mean * mean).max(0.0);
    Some((mean - DEVIATIONS * variance.sqrt()) as f32)
}

/// Some stored vectors, and what questions have in common with them.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub spread: Spread,
    kept: Vec<Embedding>,
    /// A linear congruential generator: which vector meets which, the same in every run.
    dice: u64,
}

impl Sample {
    pub(crate) fn of(spread: Spread) -> Self {
        Self { spread, ..Self::default() }
    }

    /// Draws from the vectors that are stored.
    pub(crate) fn meet(&mut self, vector: &Embedding) {
        if self.kept.len() < KEPT {
            self.kept.push(vector.clone());
        } else if self.throw().is_multiple_of(8) {
            let place = self.throw();
            self.kept[place].clone_from(vector);
        }
    }

    /// Compares a question with what was drawn.
    pub(crate) fn ask(&mut self, question: &Embedding) {
        if self.kept.len() < KEPT {
            return;
        }
        for _ in 0..EACH {
            let other = self.throw();
            self.spread.add(self.kept[other].cosine(question));
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
        assert_eq!(floor(&spread), None);
        spread.add(0.8);
        let floor = floor(&spread).unwrap();
        assert!((floor - 0.675).abs() < 0.005, "{floor}");
    }

    #[test]
    fn questions_are_compared_with_what_is_stored_and_not_before_enough_is() {
        let [asked, stored] =
            [[1.0, 0.0], [0.6, 0.8]].map(|it| Embedding::normalised(it.to_vec()).unwrap());
        let mut sample = Sample::default();
        sample.ask(&asked);
        (0..500).for_each(|_| sample.meet(&stored));
        (0..100).for_each(|_| sample.ask(&asked));
        let floor = floor(&sample.spread).unwrap();
        assert!((floor - 0.6).abs() < 0.001, "{floor}");
    }
}
