//! From an order to hits: repeats and near repeats are joined and counted, texts are read, and each
//! says why it is there. Decides no order; that is [`fuse`](super::fuse).

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    fmt::Write as _,
};

use appliance_core::{Memory, MemoryHit, MemoryId, MemoryKind, MemoryTier, MessageId};
use appliance_phrases::utterance;

use super::{
    find::Missing,
    fuse::{Candidate, Table},
};

/// A memory with the repeats of it that were found; the first, which weighs most, stands for all.
#[derive(Debug)]
pub(super) struct Group {
    pub id: MemoryId,
    /// Places of its words in the vocabulary.
    pub words: Box<[u32]>,
    candidate: Candidate,
    times: u32,
    /// Others that say the same in almost the same words.
    alike: u32,
    messages: HashSet<MessageId>,
    /// Those that it stands for.
    joined: Vec<MemoryId>,
}

/// Joins memories of one form, best first.
pub(super) fn joined(table: Table<'_>, ordered: Vec<Candidate>) -> Vec<Group> {
    let mut kept: Vec<Group> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for candidate in ordered {
        let Some(row) = table.row(candidate.place) else { continue };
        let (message, times) = (row.facets.message_id, row.repeats.saturating_add(1));
        match places.entry(row.form) {
            Entry::Occupied(place) => kept[*place.get()].add(row.id, message, times),
            Entry::Vacant(place) => {
                place.insert(kept.len());
                let messages = message.into_iter().collect();
                let (id, words) = (row.id, row.words.clone());
                let joined = Vec::new();
                kept.push(Group { id, words, candidate, times, alike: 0, messages, joined });
            }
        }
    }
    kept
}

impl Group {
    /// Counts a repeat, unless it is the note and the message it was asked for in.
    fn add(&mut self, id: MemoryId, message: Option<MessageId>, times: u32) {
        self.joined.push(id);
        let new = message.is_none_or(|id| self.messages.insert(id));
        self.times = self.times.saturating_add(if new { times } else { 0 });
    }

    /// Tells whether it has words of the question, or stands beside what has.
    pub(super) const fn is_worded(&self) -> bool {
        self.candidate.is_worded
    }

    /// Takes in one that says the same in almost the same words.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.joined.push(other.id);
        self.joined.extend(&other.joined);
        self.alike = self.alike.saturating_add(1).saturating_add(other.alike);
    }

    /// Makes the hit, now that the text is known.
    pub(super) fn hit(&self, memory: Memory, missing: &Missing) -> MemoryHit {
        let why = [lacks(missing), self.signs(&memory), said(&memory), self.counts()].concat();
        let score = between_0_and_1(self.candidate.score);
        MemoryHit { memory, score, why, joined: self.joined.clone() }
    }

    fn signs(&self, memory: &Memory) -> String {
        let it = &self.candidate;
        let mut text = String::new();
        let mut sign = |shown: bool, name: &str, value: f32, digits: usize, plus: bool| {
            if shown {
                // Writing into a string cannot fail.
                let _ = match plus {
                    true => write!(text, "{name} {value:+.digits$}, "),
                    false => write!(text, "{name} {value:.digits$}, "),
                };
            }
        };
        sign(it.compared, "cosine", it.signs.meaning, 2, false);
        sign(it.signs.alike > 0.005, "words", it.signs.alike, 2, false);
        sign(it.signs.words > 0.0, "bm25", it.signs.words, 1, false);
        sign(it.neighbours >= 0.05, "neighbours", it.neighbours, 1, true);
        sign(it.useful.abs() >= 0.05, "useful", it.useful, 1, true);
        sign(it.recent >= 0.05, "recent", it.recent, 1, true);
        if it.named && memory.provenance.author.is_some() {
            text += "author named, ";
        }
        text
    }

    fn counts(&self) -> String {
        let times = match self.times {
            1 => String::new(),
            n => format!(", {n} times"),
        };
        match self.alike {
            0 => times,
            n => format!("{times}, {n} more in almost the same words"),
        }
    }
}

/// Says what could not be asked.
fn lacks(missing: &Missing) -> String {
    let lack = match missing {
        Missing { loading: true, words: None, .. } => {
            "by words alone, memory is still being read in: "
        }
        Missing { loading: true, .. } => "by meaning alone, memory is still being read in: ",
        Missing { building: true, .. } => "by words alone, the vectors are being built: ",
        Missing { meaning: Some(_), .. } => "by words alone, the embedder or its index is away: ",
        Missing { words: Some(_), .. } => "by meaning alone, the index of words is away: ",
        Missing { behind: true, .. } => "the newest by words alone, not all have vectors yet: ",
        Missing { .. } => "",
    };
    lack.to_owned()
}

fn said(memory: &Memory) -> String {
    let by = &memory.provenance;
    let how = match (memory.kind, utterance::is_question(&memory.text), by.agent, &by.author) {
        (MemoryKind::Document, ..) => "read".to_owned(),
        (MemoryKind::Learning, ..) => "learned".to_owned(),
        (_, true, ..) => "asked".to_owned(),
        (MemoryKind::Note, ..) => "noted".to_owned(),
        (MemoryKind::Answer, _, Some(agent), _) => format!("answered by {agent}"),
        (MemoryKind::Answer, ..) => "answered".to_owned(),
        (MemoryKind::Said, _, _, Some(author)) => format!("said by {author}"),
        (MemoryKind::Said, ..) => "said".to_owned(),
    };
    let mut text = format!("{how} {}", day(memory.created_at));
    if let Some(source) = &by.untrusted {
        text += &format!(", untrusted ({source})");
    }
    if let Some(until) = memory.standing.valid_until {
        text += &format!(", held until {}", day(until));
    }
    if memory.tier == MemoryTier::Cold {
        text += ", from the archive";
    }
    text
}

fn day(at: appliance_core::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// Keeps the order and fits a gauge; a third of a deviation is about a tenth in the middle.
fn between_0_and_1(score: f32) -> f32 {
    1.0 / (1.0 + (-score / 3.0).exp())
}
