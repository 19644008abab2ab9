//! From an order to hits: repeats are joined and counted, texts are read, and each says why it is
//! there. Decides no order; that is [`fuse`](super::fuse).

use std::collections::{HashMap, HashSet, hash_map::Entry};

use appliance_core::{Memory, MemoryHit, MemoryId, MemoryKind, MessageId, utterance};

use super::{fuse::Candidate, shelf::Shelf};

/// A memory with the repeats of it that were found; the first, which weighs most, stands for all.
#[derive(Debug)]
pub(super) struct Group {
    pub id: MemoryId,
    candidate: Candidate,
    times: usize,
    messages: HashSet<MessageId>,
}

/// Joins memories of one form, best first.
pub(super) fn joined(shelf: &Shelf, ordered: Vec<Candidate>) -> Vec<Group> {
    let mut kept: Vec<Group> = Vec::new();
    let mut places: HashMap<u64, usize> = HashMap::new();
    for candidate in ordered {
        let row = shelf.row(candidate.place);
        match places.entry(row.form) {
            Entry::Occupied(place) => kept[*place.get()].add(row.message_id),
            Entry::Vacant(place) => {
                place.insert(kept.len());
                let messages = row.message_id.into_iter().collect();
                kept.push(Group { id: row.id, candidate, times: 1, messages });
            }
        }
    }
    kept
}

impl Group {
    /// Counts a repeat, unless it is the note and the message it was asked for in.
    fn add(&mut self, message: Option<MessageId>) {
        let new = message.is_none_or(|id| self.messages.insert(id));
        self.times += usize::from(new);
    }

    /// Makes the hit, now that the text is known.
    pub(super) fn hit(&self, memory: Memory) -> MemoryHit {
        let why = [self.signs(&memory), said(&memory), self.times()].concat();
        MemoryHit { memory, score: between_0_and_1(self.candidate.score), why }
    }

    fn signs(&self, memory: &Memory) -> String {
        let it = &self.candidate;
        let mut text = format!("cosine {:.2}, ", it.signs.meaning);
        if it.signs.alike > 0.005 {
            text += &format!("words {:.2}, ", it.signs.alike);
        }
        if it.signs.words > 0.0 {
            text += &format!("bm25 {:.1}, ", it.signs.words);
        }
        if it.neighbours >= 0.05 {
            text += &format!("neighbours +{:.1}, ", it.neighbours);
        }
        if it.named && memory.provenance.author.is_some() {
            text += "author named, ";
        }
        text
    }

    fn times(&self) -> String {
        match self.times {
            1 => String::new(),
            n => format!(", {n} times"),
        }
    }
}

fn said(memory: &Memory) -> String {
    let day: String = memory.created_at.to_string().chars().take(10).collect();
    let by = &memory.provenance;
    let how = match (memory.kind, utterance::is_question(&memory.text), by.agent, &by.author) {
        (_, true, ..) => "asked".to_owned(),
        (MemoryKind::Note, ..) => "noted".to_owned(),
        (MemoryKind::Answer, _, Some(agent), _) => format!("answered by {agent}"),
        (MemoryKind::Answer, ..) => "answered".to_owned(),
        (MemoryKind::Said, _, _, Some(author)) => format!("said by {author}"),
        (MemoryKind::Said, ..) => "said".to_owned(),
    };
    format!("{how} {day}")
}

/// Keeps the order and fits a gauge; a third of a deviation is about a tenth in the middle.
fn between_0_and_1(score: f32) -> f32 {
    1.0 / (1.0 + (-score / 3.0).exp())
}
