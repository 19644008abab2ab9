//! Fusion: what the two indexes found becomes one order.
//!
//! Every sign (BM25, cosine, likeness of words) is measured in standard deviations among the
//! candidates and added; ranks alone would lose by how much one text is better than the next. Then
//! a text passes a part of its standing on to its neighbours in the conversation, because an answer
//! rarely repeats the words of its question, and who said it, what kind of evidence it is and how
//! old it is are counted. Reads no text and knows no index.

use std::collections::HashMap;

use appliance_core::{Embedding, MemoryId, MemoryKind, SearchFilter};

use super::{
    shelf::{Shelf, names},
    vocabulary::Vocabulary,
    weights::Weights,
};

/// Least deviation of each sign: among few candidates, or like ones, small differences stay small.
const LEAST: Signs = Signs { words: 1.0, meaning: 0.05, alike: 0.08 };

/// What the likeness of words adds to the cosine when nearness is compared with the floor.
const ALIKE_IN_NEARNESS: f32 = 0.5;

/// How much less a neighbour's nearness counts than one's own.
const NEIGHBOUR_LESS: f32 = 0.1;

/// A question, ready to be compared.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its words and the vectors of those that have one.
    pub words: Vec<(String, Option<Embedding>)>,
    /// Every word of it that may be a name.
    pub names: Vec<String>,
}

/// What the indexes found.
#[derive(Debug)]
pub(super) struct Found {
    pub near: Vec<(MemoryId, f32)>,
    pub texts: Vec<(MemoryId, f32)>,
}

/// The three signs of one candidate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signs {
    pub words: f32,
    pub meaning: f32,
    pub alike: f32,
}

/// A memory that may be shown.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub place: usize,
    pub signs: Signs,
    /// What it stands for by itself.
    own: f32,
    /// What its neighbours passed on.
    pub neighbours: f32,
    /// Whether the question names who said it.
    pub named: bool,
    /// All of it.
    pub score: f32,
}

impl Candidate {
    fn nearness(&self) -> f32 {
        self.signs.meaning + ALIKE_IN_NEARNESS * self.signs.alike
    }
}

/// Orders what was found, best first, and drops what has nothing to do with the question.
pub(super) fn fuse(
    shelf: &Shelf,
    vocabulary: &Vocabulary,
    asked: &Asked,
    found: &Found,
    filter: &SearchFilter,
    weights: &Weights,
) -> Vec<Candidate> {
    let mut pool = gather(shelf, found, filter);
    liken(&mut pool, shelf, vocabulary, asked, weights);
    stand(&mut pool, weights);
    let at: HashMap<usize, usize> = pool.iter().enumerate().map(|(n, it)| (it.place, n)).collect();
    let passed: Vec<(f32, f32)> =
        pool.iter().map(|it| from_neighbours(it, &pool, &at, shelf, weights)).collect();
    let named: Vec<&String> = asked.names.iter().filter(|name| shelf.has_author(name)).collect();
    for (it, (credit, nearness)) in pool.iter_mut().zip(passed) {
        it.neighbours = credit;
        it.named = says_one_of(shelf, it.place, &named, vocabulary);
        it.score = it.own + credit + kind_and_age(shelf, it, weights);
        if it.nearness().max(nearness - NEIGHBOUR_LESS) < weights.floor {
            it.score = f32::NEG_INFINITY;
        }
    }
    pool.retain(|it| it.score.is_finite());
    let seq = |it: &Candidate| shelf.row(it.place).seq;
    pool.sort_by(|a, b| b.score.total_cmp(&a.score).then(seq(a).cmp(&seq(b))));
    pool
}

/// Joins both lists and the neighbours of what is in them; what an index did not give has its least.
fn gather(shelf: &Shelf, found: &Found, filter: &SearchFilter) -> Vec<Candidate> {
    let least = found.near.last().map_or(0.0, |(_, cosine)| *cosine);
    let mut places: HashMap<usize, Signs> = HashMap::new();
    let start = Signs { words: 0.0, meaning: least, alike: 0.0 };
    for (id, cosine) in &found.near {
        let Some(place) = shelf.place(*id) else { continue };
        places.entry(place).or_insert(start).meaning = *cosine;
    }
    for (id, score) in &found.texts {
        let Some(place) = shelf.place(*id) else { continue };
        places.entry(place).or_insert(start).words = *score;
    }
    let first: Vec<usize> = places.keys().copied().collect();
    for place in first {
        for beside in [-1, 1].into_iter().filter_map(|steps| shelf.beside(place, steps)) {
            places.entry(beside).or_insert(start);
        }
    }
    let candidate = |(place, signs)| Candidate {
        place,
        signs,
        own: 0.0,
        neighbours: 0.0,
        named: false,
        score: 0.0,
    };
    let passing = places.into_iter().filter(|(place, _)| shelf.row(*place).passes(filter));
    let mut pool: Vec<Candidate> = passing.map(candidate).collect();
    pool.sort_unstable_by_key(|it| it.place); // sums of floats depend on their order
    pool
}

/// Measures how alike the words are: for each word of the question the nearest word of the text,
/// weighed by how much the word tells apart.
fn liken(
    pool: &mut [Candidate],
    shelf: &Shelf,
    vocabulary: &Vocabulary,
    asked: &Asked,
    weights: &Weights,
) {
    if weights.alike <= 0.0 {
        return;
    }
    let (words, places) = words_of(pool, shelf);
    let mut total = 0.0;
    for (word, vector) in &asked.words {
        if shelf.has_author(word) {
            continue; // who said it counts by itself
        }
        let place = vocabulary.place(word);
        let weight = shelf.weight(place);
        total += weight;
        let mut like = match vector {
            Some(vector) => vocabulary.likeness(vector, &words),
            None => vec![0.0; words.len()],
        };
        if let Some(same) = place.and_then(|place| words.binary_search(&place).ok()) {
            like[same] = 1.0;
        }
        for (it, places) in pool.iter_mut().zip(&places) {
            it.signs.alike += weight * places.iter().map(|at| like[*at]).fold(0.0, f32::max);
        }
    }
    if total > 0.0 {
        pool.iter_mut().for_each(|it| it.signs.alike /= total);
    }
}

/// Returns the different words of all candidates, in order, and for each candidate where its words
/// stand among them.
fn words_of(pool: &[Candidate], shelf: &Shelf) -> (Vec<u32>, Vec<Vec<usize>>) {
    let mut words: Vec<u32> =
        pool.iter().flat_map(|it| shelf.row(it.place).words.iter().copied()).collect();
    words.sort_unstable();
    words.dedup();
    let at = |word: &u32| words.binary_search(word).ok();
    let places = pool.iter().map(|it| shelf.row(it.place).words.iter().filter_map(at).collect());
    let places = places.collect();
    (words, places)
}

/// Adds the signs up, each in its own deviations from the middle of the pool.
fn stand(pool: &mut [Candidate], weights: &Weights) {
    let words = Scale::of(pool, |signs| signs.words, LEAST.words);
    let meaning = Scale::of(pool, |signs| signs.meaning, LEAST.meaning);
    let alike = Scale::of(pool, |signs| signs.alike, LEAST.alike);
    for it in pool {
        it.own = weights.words * words.place(it.signs.words)
            + weights.meaning * meaning.place(it.signs.meaning)
            + weights.alike * alike.place(it.signs.alike);
    }
}

/// The middle and the deviation of one sign.
struct Scale {
    middle: f32,
    deviation: f32,
}

impl Scale {
    fn of(pool: &[Candidate], sign: impl Fn(&Signs) -> f32, least: f32) -> Self {
        let count = pool.len().max(1) as f32;
        let middle = pool.iter().map(|it| sign(&it.signs)).sum::<f32>() / count;
        let spread = pool.iter().map(|it| (sign(&it.signs) - middle).powi(2)).sum::<f32>() / count;
        Self { middle, deviation: spread.sqrt().max(least) }
    }

    fn place(&self, value: f32) -> f32 {
        (value - self.middle) / self.deviation
    }
}

/// Returns what a candidate gets from its neighbours, and the nearness of the nearest of them.
fn from_neighbours(
    it: &Candidate,
    pool: &[Candidate],
    at: &HashMap<usize, usize>,
    shelf: &Shelf,
    weights: &Weights,
) -> (f32, f32) {
    let (mut credit, mut nearness) = (0.0, f32::NEG_INFINITY);
    for steps in [-2, -1, 1] {
        let beside = shelf.beside(it.place, steps).and_then(|place| at.get(&place));
        let Some(beside) = beside.map(|n| &pool[*n]) else { continue };
        let part = match steps {
            -2 => weights.two_before,
            -1 if shelf.row(beside.place).ends_asking => weights.before_asking,
            -1 => weights.before,
            _ => weights.after,
        };
        credit += part * beside.own.max(0.0);
        if part > 0.0 {
            nearness = nearness.max(beside.nearness());
        }
    }
    (credit, nearness)
}

/// Tells whether somebody of these names said it, or it is about them where nobody is noted.
fn says_one_of(shelf: &Shelf, place: usize, named: &[&String], vocabulary: &Vocabulary) -> bool {
    let row = shelf.row(place);
    let about = |name: &str| vocabulary.place(name).is_some_and(|word| row.words.contains(&word));
    named.iter().any(|name| match row.author.is_empty() {
        true => about(name),
        false => row.author.contains(name),
    })
}

fn kind_and_age(shelf: &Shelf, it: &Candidate, weights: &Weights) -> f32 {
    let row = shelf.row(it.place);
    let kind = match row.kind {
        _ if row.empty && weights.empty > 0.0 => -weights.empty - it.own.max(0.0) / 2.0,
        MemoryKind::Note => weights.note,
        MemoryKind::Said => 0.0,
        MemoryKind::Answer => -weights.answer,
    };
    let author = if it.named { weights.author } else { 0.0 };
    let halves = shelf.age_days(it.place) / weights.half_life_days.max(0.01);
    kind + author + weights.recency * 0.5_f32.powf(halves)
}

impl Asked {
    /// Takes a question apart; `vectors` stand in the order of `words`.
    pub(super) fn new(
        question: &str,
        words: Vec<String>,
        mut vectors: impl Iterator<Item = Option<Embedding>>,
    ) -> Self {
        let words = words.into_iter().map(|word| (word, vectors.next().flatten())).collect();
        Self { words, names: names(question).collect() }
    }
}
