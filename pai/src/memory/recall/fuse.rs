//! Fusion: what the two indexes found becomes one order.
//!
//! Every sign (BM25, cosine, likeness of words) is measured in standard deviations among the
//! candidates and added; ranks alone would lose by how much one text is better than the next. Then
//! a text passes a part of its standing on to its neighbours in the conversation, because an answer
//! rarely repeats the words of its question, and who said it, what kind of evidence it is, how useful
//! it has proven and how old it is are counted. An archived memory stands among the others, without
//! neighbours. Reads no text and knows no index.

use std::collections::HashMap;

use appliance_core::{MemoryKind, Utility};

use super::{
    asked::{Asked, Word},
    find::{Found, Wanted},
    weights::Weights,
};
use crate::memory::index::{Row, Shelf, Vocabulary};

/// Least deviation of each sign: among few candidates, or like ones, small differences stay small.
const LEAST: Signs = Signs { words: 1.0, meaning: 0.05, alike: 0.08 };

/// What the likeness of words adds to the cosine when nearness is compared with the floor.
const ALIKE_IN_NEARNESS: f32 = 0.5;

/// How alike a word is that the asked one may be, by its spelling.
const CLOSE: f32 = 0.8;

/// How much less a neighbour's nearness counts than one's own.
const NEIGHBOUR_LESS: f32 = 0.1;

/// The memories of one search: those on the shelf, and behind them the archived ones.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub shelf: &'a Shelf,
    pub vocabulary: &'a Vocabulary,
    pub found: &'a Found,
}

impl<'a> Table<'a> {
    pub(super) fn row(self, place: usize) -> Option<&'a Row> {
        match place.checked_sub(self.shelf.end()) {
            None => self.shelf.row(place),
            Some(nth) => self.found.archived.get(nth).map(|it| &it.row),
        }
    }

    fn beside(self, place: usize, steps: isize) -> Option<usize> {
        self.shelf.beside(place, steps)
    }
}

/// How a search weighs.
#[derive(Clone, Copy)]
pub(super) struct Scales<'a> {
    pub weights: &'a Weights,
    /// Nearness under which a memory has nothing to do with the question.
    pub floor: f32,
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
    /// Whether it has words of the question, or stands beside what has.
    pub is_worded: bool,
    /// Whether the meanings were compared.
    pub compared: bool,
    /// Whether the question names who said it.
    pub named: bool,
    /// What its usefulness adds.
    pub useful: f32,
    /// What its age leaves of the credit for the newest.
    pub recent: f32,
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
    table: Table<'_>,
    asked: &Asked,
    wanted: Wanted<'_>,
    scales: Scales<'_>,
) -> Vec<Candidate> {
    let Scales { weights, floor } = scales;
    let mut pool = gather(table, wanted);
    liken(&mut pool, table, asked, weights);
    stand(&mut pool, weights);
    let at: HashMap<usize, usize> = pool.iter().enumerate().map(|(n, it)| (it.place, n)).collect();
    let passed: Vec<Passed> =
        pool.iter().map(|it| from_neighbours(it, &pool, &at, table, weights)).collect();
    let named: Vec<&String> =
        asked.names.iter().filter(|name| table.shelf.has_author(name)).collect();
    // Without a vector of the question that says anything nothing has a nearness; that it shares words
    // is then enough.
    let is_near = table.found.near.is_some() && asked.is_meant;
    let floor = if is_near { floor } else { f32::NEG_INFINITY };
    for (it, Passed { credit, nearness, is_worded }) in pool.iter_mut().zip(passed) {
        let Some(row) = table.row(it.place) else { continue };
        it.neighbours = credit;
        it.is_worded = it.signs.words > 0.0 || is_worded;
        it.named = says_one_of(row, &named, table.vocabulary);
        it.useful = weights.utility * (row.facets.utility.value() - Utility::START.value());
        let halves = table.shelf.age_days(row) / weights.half_life_days.max(0.01);
        it.recent = weights.recency * 0.5_f32.powf(halves);
        it.score = it.own + credit + evidence(row, it, weights) + it.useful + it.recent;
        if it.nearness().max(nearness - NEIGHBOUR_LESS) < floor {
            it.score = f32::NEG_INFINITY;
        }
    }
    pool.retain(|it| it.score.is_finite());
    let seq = |it: &Candidate| table.row(it.place).map(|row| (row.seq, row.id));
    pool.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| seq(a).cmp(&seq(b))));
    pool
}

/// Joins the lists and the neighbours of what is in them; what an index did not give has its least.
fn gather(table: Table<'_>, wanted: Wanted<'_>) -> Vec<Candidate> {
    let Table { shelf, found, .. } = table;
    let near = found.near.as_deref().unwrap_or_default();
    let least = near.last().map_or(0.0, |(_, cosine)| *cosine);
    let mut places: HashMap<usize, Signs> = HashMap::new();
    let start = Signs { words: 0.0, meaning: least, alike: 0.0 };
    for (id, cosine) in near {
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
    for (nth, it) in found.archived.iter().enumerate() {
        let signs = Signs { words: it.words, meaning: it.meaning.unwrap_or(least), alike: 0.0 };
        // One that came back from the archive meanwhile has its place on the shelf.
        let place = shelf.place(it.row.id).unwrap_or(shelf.end() + nth);
        places.insert(place, signs);
    }
    let passes = |place: usize| {
        table.row(place).is_some_and(|row| row.facets.pass(wanted.owner, wanted.filter))
    };
    let passing = places.into_iter().filter(|(place, _)| passes(*place));
    let compared = found.near.is_some();
    let candidate = |(place, signs)| candidate(place, signs, compared);
    let mut pool: Vec<Candidate> = passing.map(candidate).collect();
    // Sums of floats depend on their order, and places on what came and went.
    pool.sort_unstable_by_key(|it| table.row(it.place).map(|row| (row.seq, row.id)));
    pool
}

fn candidate(place: usize, signs: Signs, compared: bool) -> Candidate {
    let (own, neighbours, useful, recent, score) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (is_worded, named) = (false, false);
    Candidate { place, signs, own, neighbours, is_worded, compared, named, useful, recent, score }
}

/// Measures how alike the words are: for each word of the question the nearest word of the text,
/// weighed by how much the word tells apart.
fn liken(pool: &mut [Candidate], table: Table<'_>, asked: &Asked, weights: &Weights) {
    if weights.alike <= 0.0 {
        return;
    }
    let Table { shelf, vocabulary, .. } = table;
    let (words, places) = words_of(pool, table);
    let mut total = 0.0;
    for Word { text: word, vector, close } in &asked.words {
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
        for other in close.iter().filter_map(|other| words.binary_search(other).ok()) {
            like[other] = like[other].max(CLOSE);
        }
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
fn words_of(pool: &[Candidate], table: Table<'_>) -> (Vec<u32>, Vec<Vec<usize>>) {
    let of = |it: &Candidate| table.row(it.place).map_or(&[][..], |row| &row.words);
    let mut words: Vec<u32> = pool.iter().flat_map(of).copied().collect();
    words.sort_unstable();
    words.dedup();
    let at = |word: &u32| words.binary_search(word).ok();
    let places = pool.iter().map(|it| of(it).iter().filter_map(at).collect());
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

/// What neighbours pass on: a part of their standing, the nearness of the nearest, and whether one has
/// words of the question.
struct Passed {
    credit: f32,
    nearness: f32,
    is_worded: bool,
}

/// Returns what a candidate gets from its neighbours.
fn from_neighbours(
    it: &Candidate,
    pool: &[Candidate],
    at: &HashMap<usize, usize>,
    table: Table<'_>,
    weights: &Weights,
) -> Passed {
    let mut passed = Passed { credit: 0.0, nearness: f32::NEG_INFINITY, is_worded: false };
    for steps in [-2, -1, 1] {
        let beside = table.beside(it.place, steps).and_then(|place| at.get(&place));
        let Some(beside) = beside.map(|n| &pool[*n]) else { continue };
        let part = match steps {
            -2 => weights.two_before,
            -1 if table.row(beside.place).is_some_and(|row| row.ends_asking) => {
                weights.before_asking
            }
            -1 => weights.before,
            _ => weights.after,
        };
        passed.credit += part * beside.own.max(0.0);
        if part > 0.0 {
            passed.nearness = passed.nearness.max(beside.nearness());
            passed.is_worded |= beside.signs.words > 0.0;
        }
    }
    passed
}

/// Tells whether somebody of these names said it, or it is about them where nobody is noted.
fn says_one_of(row: &Row, named: &[&String], vocabulary: &Vocabulary) -> bool {
    let about = |name: &str| vocabulary.place(name).is_some_and(|word| row.words.contains(&word));
    named.iter().any(|name| match row.author.is_empty() {
        true => about(name),
        false => row.author.contains(name),
    })
}

/// Returns what the kind of evidence it is counts for, and who said it.
fn evidence(row: &Row, it: &Candidate, weights: &Weights) -> f32 {
    let kind = match row.kind {
        _ if row.empty && weights.empty > 0.0 => -weights.empty - it.own.max(0.0) / 2.0,
        MemoryKind::Note => weights.note,
        MemoryKind::Said | MemoryKind::Document => 0.0,
        MemoryKind::Learning => -weights.learning - it.own.max(0.0) / 2.0,
        MemoryKind::Answer => -weights.answer,
    };
    kind + if it.named { weights.author } else { 0.0 }
}
