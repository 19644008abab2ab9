//! The live memories of one person as ranking sees them, kept beside the indexes.
//!
//! Filled by the follower in the order of their last changes; within a conversation they stand in the
//! order in which they arrived, whatever happened to them since. Holds neither archived nor forgotten
//! ones: what is on the shelf is what a vector index should have.
//!
//! Invariant: `rarity`, `authors` and `counts` count the rows that are there. No method walks all
//! rows.

use std::collections::{BTreeMap, HashMap};

use appliance_core::{Collection, ConversationId, Memory, MemoryId};

use super::row::Row;

/// One person's memories.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    rows: Vec<Option<Row>>,
    free: Vec<usize>,
    places: HashMap<MemoryId, usize>,
    threads: HashMap<ConversationId, BTreeMap<u64, usize>>,
    authors: HashMap<String, usize>,
    rarity: HashMap<u32, u32>,
    counts: HashMap<Collection, u64>,
    newest_micros: i64,
}

impl Shelf {
    /// Puts a memory in, or in the place of its older form.
    pub(crate) fn put(&mut self, row: Row) {
        self.take(row.id);
        let place = self.free.pop().unwrap_or(self.rows.len());
        self.places.insert(row.id, place);
        // A learning is about a conversation and no part of it.
        if row.facets.collection != Collection::Learnings
            && let Some(id) = row.facets.conversation_id
        {
            self.threads.entry(id).or_default().insert(row.seq, place);
        }
        for word in &row.words {
            *self.rarity.entry(*word).or_default() += 1;
        }
        for name in &row.author {
            *self.authors.entry(name.clone()).or_default() += 1;
        }
        *self.counts.entry(row.facets.collection).or_default() += 1;
        self.newest_micros = self.newest_micros.max(row.facets.created_at.unix_micros());
        match self.rows.get_mut(place) {
            Some(free) => *free = Some(row),
            None => self.rows.push(Some(row)),
        }
    }

    /// Takes a memory out; one that is not there is fine.
    pub(crate) fn take(&mut self, id: MemoryId) {
        let Some(place) = self.places.remove(&id) else { return };
        let Some(row) = self.rows[place].take() else { return };
        self.free.push(place);
        if let Some(id) = row.facets.conversation_id
            && let Some(thread) = self.threads.get_mut(&id)
        {
            thread.remove(&row.seq);
            if thread.is_empty() {
                self.threads.remove(&id);
            }
        }
        for word in &row.words {
            less(&mut self.rarity, word);
        }
        for name in &row.author {
            less(&mut self.authors, name);
        }
        less(&mut self.counts, &row.facets.collection);
    }

    /// Lets a memory stand as it does now, whose text is here; false when it is not.
    pub(crate) fn stands(&mut self, memory: &Memory) -> bool {
        let place = self.places.get(&memory.id);
        let Some(row) = place.and_then(|place| self.rows.get_mut(*place)?.as_mut()) else {
            return false;
        };
        (row.facets, row.repeats) = (memory.facets(), memory.standing.repeats);
        true
    }

    /// Returns the memory at a place that [`place`](Self::place) or [`beside`](Self::beside) gave.
    pub(crate) fn row(&self, place: usize) -> Option<&Row> {
        self.rows.get(place)?.as_ref()
    }

    /// Returns how many places there are; archived memories stand behind them for one search.
    pub(crate) fn end(&self) -> usize {
        self.rows.len()
    }

    /// Returns how many memories are there.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns how many memories of a collection are there.
    pub(crate) fn count(&self, collection: Collection) -> u64 {
        self.counts.get(&collection).copied().unwrap_or_default()
    }

    pub(crate) fn place(&self, id: MemoryId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Returns the memory said `steps` after this one in its conversation, before it if negative.
    pub(crate) fn beside(&self, place: usize, steps: isize) -> Option<usize> {
        let row = self.row(place).filter(|row| row.facets.collection != Collection::Learnings)?;
        let thread = self.threads.get(&row.facets.conversation_id?)?;
        let nth = steps.unsigned_abs().checked_sub(1)?;
        let found = match steps < 0 {
            true => thread.range(..row.seq).nth_back(nth),
            false => thread.range(row.seq.checked_add(1)?..).nth(nth),
        };
        found.map(|(_, place)| *place)
    }

    /// Tells whether somebody of that name said something here.
    pub(crate) fn has_author(&self, name: &str) -> bool {
        self.authors.contains_key(name)
    }

    /// Tells whether a memory here has the word.
    pub(crate) fn has_word(&self, word: u32) -> bool {
        self.rarity.contains_key(&word)
    }

    /// Returns how much a word tells apart among these memories (inverse document frequency).
    pub(crate) fn weight(&self, word: Option<u32>) -> f32 {
        let having = word.and_then(|word| self.rarity.get(&word)).copied().unwrap_or_default();
        let (having, all) = (having as f32, self.places.len() as f32);
        (1.0 + (all - having + 0.5).max(0.5) / (having + 0.5)).ln()
    }

    /// Returns how many days older than the newest memory a row is.
    pub(crate) fn age_days(&self, row: &Row) -> f32 {
        (self.newest_micros - row.facets.created_at.unix_micros()).max(0) as f32 / 86_400e6
    }
}

/// Counts one less, and keeps no count of nothing.
fn less<K, N>(counts: &mut HashMap<K, N>, key: &K)
where
    K: std::hash::Hash + Eq,
    N: Copy + PartialEq + std::ops::Sub<Output = N> + From<u8>,
{
    let Some(count) = counts.get_mut(key) else { return };
    *count = *count - N::from(1);
    if *count == N::from(0) {
        counts.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use appliance_core::{Memory, MemoryKind, Provenance, Timestamp, UserId};

    use super::*;

    fn row(seq: u64, thread: u8, author: &str, words: &[u32]) -> Row {
        let provenance = Provenance {
            conversation_id: Some(ConversationId::from_bytes([thread; 16])),
            author: Some(author.to_owned()),
            ..Provenance::default()
        };
        let (id, owner) = (MemoryId::from_bytes([seq as u8; 16]), UserId::from_bytes([1; 16]));
        let at = Timestamp::from_unix_micros(0);
        let memory = Memory::new(id, owner, MemoryKind::Said, String::new(), provenance, at);
        Row::of(&Memory { seq, ..memory }, words.into())
    }

    #[test]
    fn neighbours_stand_in_the_order_of_arrival_whatever_changed_last_or_left() {
        let mut shelf = Shelf::default();
        for seq in [5, 1, 3, 2, 4] {
            shelf.put(row(seq, 7, "Ida", &[]));
        }
        shelf.put(row(9, 8, "Tom", &[]));
        shelf.put(row(2, 7, "Ida", &[]));
        let beside = |shelf: &Shelf, seq: u8, steps| {
            let place = shelf.place(MemoryId::from_bytes([seq; 16])).unwrap();
            shelf.beside(place, steps).and_then(|place| shelf.row(place)).map(|row| row.seq)
        };
        assert_eq!(beside(&shelf, 3, -2), Some(1));
        assert_eq!((beside(&shelf, 3, 1), beside(&shelf, 5, 1)), (Some(4), None));
        shelf.take(MemoryId::from_bytes([4; 16]));
        assert_eq!((beside(&shelf, 3, 1), beside(&shelf, 5, -1)), (Some(5), Some(3)));
        assert_eq!(beside(&shelf, 9, -1), None);
        assert_eq!(shelf.len(), 5);
    }

    #[test]
    fn what_is_taken_out_counts_no_more_and_its_place_is_used_again() {
        let mut shelf = Shelf::default();
        shelf.put(row(1, 7, "Ida", &[3, 4]));
        shelf.put(row(2, 7, "Tom", &[3]));
        let (rare, common) = (shelf.weight(Some(4)), shelf.weight(Some(3)));
        assert!(rare > common && common > 0.0);
        assert_eq!(shelf.count(Collection::Conversations), 2);
        shelf.take(MemoryId::from_bytes([1; 16]));
        shelf.take(MemoryId::from_bytes([1; 16]));
        assert!(!shelf.has_author("ida") && shelf.has_author("tom"));
        assert_eq!((shelf.len(), shelf.count(Collection::Conversations)), (1, 1));
        shelf.put(row(6, 7, "Ida", &[]));
        assert_eq!(shelf.end(), 2);
    }
}
