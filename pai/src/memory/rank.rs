//! What comes first among memories that are all near the question, and the line that says why.
//!
//! A memory weighs its nearness, which is its cosine plus the telling words that it shares with the
//! question ([`appliance_core::words`]), times what kind of evidence it is: a question asked before
//! repeats the words of this one and proves nothing, and neither does an answer that only says that
//! nothing is known; an answer is hearsay of what was said; a note was kept on purpose. The weight
//! orders the hits and is their score; the cosine stands in the line that explains it. What is under
//! [`FLOOR`] is dropped, exact repeats are joined and counted. Does not search.
//!
//! The constants are set by `tests/recall_quality.rs`, which prints how many come first.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use appliance_core::{
    Memory, MemoryHit, MemoryKind, MessageId, utterance,
    words::{Asked, Words, nearness},
};

/// Nearness under which a memory has nothing to do with a question. In the corpus of the tests the
/// farthest right statement has 0.62, the nearest statement to an unrelated question 0.46 in the
/// middle and 0.60 at most; rather something too much than the fact missing.
const FLOOR: f32 = 0.45;

/// How much of its weight a memory keeps that only asks or only says that nothing is known.
const EMPTY: f32 = 0.4;

/// How much of its weight an agent's answer keeps.
const ANSWER: f32 = 0.85;

/// How much of its weight a note keeps.
const NOTE: f32 = 1.05;

/// Orders memories best first, joins exact repeats and explains each.
pub(super) fn rank(question: &str, found: Vec<(Memory, f32)>) -> Vec<MemoryHit> {
    let texts: Vec<Words> = found.iter().map(|(memory, _)| Words::of(&memory.text)).collect();
    let asked = Asked::among(question, &texts);
    let mut weighed: Vec<(f32, Memory, f32)> = Vec::with_capacity(found.len());
    for ((memory, cosine), words) in found.into_iter().zip(&texts) {
        let near = nearness(cosine, &asked, words);
        if near >= FLOOR {
            weighed.push((near * evidence(&memory), memory, cosine));
        }
    }
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.seq.cmp(&b.1.seq)));
    joined(weighed).into_iter().map(Group::hit).collect()
}

/// Returns what a memory proves, as a factor.
fn evidence(memory: &Memory) -> f32 {
    let answer = memory.kind == MemoryKind::Answer;
    if utterance::is_question(&memory.text) || (answer && utterance::is_denial(&memory.text)) {
        return EMPTY;
    }
    match memory.kind {
        MemoryKind::Note => NOTE,
        MemoryKind::Said => 1.0,
        MemoryKind::Answer => ANSWER,
    }
}

/// Joins memories of one form; the first, which weighs most, stands for all.
fn joined(weighed: Vec<(f32, Memory, f32)>) -> Vec<Group> {
    let mut kept: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (weight, memory, cosine) in weighed {
        match places.entry(utterance::same_form(&memory.text)) {
            Entry::Occupied(place) => kept[*place.get()].add(&memory),
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(Group::new(memory, weight, cosine));
            }
        }
    }
    kept
}

/// A memory with the repeats of it that were found.
#[derive(Debug)]
struct Group {
    memory: Memory,
    weight: f32,
    cosine: f32,
    times: usize,
    messages: HashSet<MessageId>,
}

impl Group {
    fn new(memory: Memory, weight: f32, cosine: f32) -> Self {
        let messages = memory.provenance.message_id.into_iter().collect();
        Self { memory, weight, cosine, times: 1, messages }
    }

    /// Counts a repeat, unless it is the note and the message it was asked for in.
    fn add(&mut self, repeat: &Memory) {
        let new = repeat.provenance.message_id.is_none_or(|id| self.messages.insert(id));
        self.times += usize::from(new);
    }

    fn hit(self) -> MemoryHit {
        let day: String = self.memory.created_at.to_string().chars().take(10).collect();
        let how = match (self.memory.kind, utterance::is_question(&self.memory.text)) {
            (_, true) => "asked".to_owned(),
            (MemoryKind::Note, _) => "noted".to_owned(),
            (MemoryKind::Said, _) => "said".to_owned(),
            (MemoryKind::Answer, _) => self
                .memory
                .provenance
                .agent
                .map_or_else(|| "answered".to_owned(), |agent| format!("answered by {agent}")),
        };
        let times = match self.times {
            1 => String::new(),
            n => format!(", {n} times"),
        };
        let why = format!("cosine {:.2}, {how} {day}{times}", self.cosine);
        MemoryHit { memory: self.memory, score: self.weight, why }
    }
}
