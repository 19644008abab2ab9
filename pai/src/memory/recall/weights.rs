//! What each sign of relevance is worth: the settings of recall. Ranks nothing.
//!
//! The unit is one standard deviation among the candidates of one search, so that signs of different
//! scales add up. A weight of 0 turns its sign off. Measured one by one in `docs/retrieval.md`.

use crate::memory::index::Feeder;

/// The embedder that the weights were chosen with.
const CHOSEN_WITH: &str = "minilm-static-256";

/// What the likeness of words adds to the nearness of a text that has little to do with a question.
const ALIKE_BY_CHANCE: f32 = 0.2;

/// Returns the nearness under which a memory of this space has nothing to do with a question: as it
/// was set, else as it was measured, else as it is calibrated; until enough is stored, none.
pub(super) fn floor(feeder: &Feeder, weights: &Weights) -> f32 {
    let by_chance = if weights.alike > 0.0 { ALIKE_BY_CHANCE } else { 0.0 };
    match feeder.space.floor {
        Some(floor) => floor,
        None if feeder.space.embedder.model() == CHOSEN_WITH => weights.floor,
        None => feeder.floor().map_or(f32::NEG_INFINITY, |floor| floor + by_chance),
    }
}

/// The weights of one search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// BM25 of the question's words, stemmed.
    pub words: f32,
    /// Cosine of the whole question and the whole text.
    pub meaning: f32,
    /// Words that are alike without being the same: each telling word of the question against the
    /// nearest word of the text. Costs one vector a new word: for embedders in this process only.
    pub alike: f32,
    /// Part of its standing that a text passes to the next one of its conversation.
    pub before: f32,
    /// The same, when the text ends by asking: what follows is likely the answer.
    pub before_asking: f32,
    /// Part of its standing that a text passes to the one after the next.
    pub two_before: f32,
    /// Part of its standing that a text passes to the one before it.
    pub after: f32,
    /// Credit for what was said by somebody whom the question names.
    pub author: f32,
    /// Credit for the newest memory; halves every [`half_life_days`](Self::half_life_days).
    pub recency: f32,
    /// See [`recency`](Self::recency).
    pub half_life_days: f32,
    /// Taken, besides half of its own standing, from what only asks or only says that nothing is
    /// known: it repeats the words of the question and proves nothing.
    pub empty: f32,
    /// Taken from an agent's answer, which is hearsay of what was said.
    pub answer: f32,
    /// Taken, besides half of its own standing, from what was learned of a task: it quotes the very
    /// question and says nothing about it.
    pub learning: f32,
    /// Credit for what was kept on purpose.
    pub note: f32,
    /// Credit for a utility of 1, taken from one of 0: how far it is from where all begin counts.
    pub utility: f32,
    /// Nearness under which a memory has nothing to do with the question: its cosine plus half of
    /// how alike the words are. About 0.35 with `alike` off. For the built-in embedder, which the
    /// weights were chosen with; that of any other is calibrated (see [`Spread`](appliance_core::memory::Spread)).
    pub floor: f32,
    /// Most candidates that each index gives.
    pub pool: usize,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            words: 1.0,
            meaning: 0.5,
            alike: 1.0,
            before: 0.3,
            before_asking: 0.6,
            two_before: 0.15,
            after: 0.2,
            author: 4.0,
            recency: 0.2,
            half_life_days: 90.0,
            empty: 6.0,
            answer: 1.0,
            learning: 6.0,
            note: 0.5,
            utility: 1.0,
            floor: 0.55,
            pool: 100,
        }
    }
}
