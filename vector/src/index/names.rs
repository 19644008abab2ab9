//! Numbers for what many rows share: owners, conversations, labels. A number is compared for nothing.
//!
//! Invariant: a name keeps its number for as long as the index is open; numbers have no gaps.

use std::{collections::HashMap, hash::Hash};

use appliance_core::{ConversationId, UserId, memory::Labels};

/// Every name of one kind, by number.
#[derive(Debug, Clone)]
pub(super) struct Numbers<T> {
    numbers: HashMap<T, u32>,
    all: Vec<T>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// Returns the number of a name that has one.
    pub(super) fn find(&self, name: &T) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Returns the number of a name, a new one if need be.
    pub(super) fn number(&mut self, name: &T) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = self.all.len() as u32;
        self.all.push(name.clone());
        self.numbers.insert(name.clone(), number);
        number
    }

    /// Gives a name the next number, whether or not it has another.
    pub(super) fn keep(&mut self, name: T) {
        let number = self.all.len() as u32;
        self.all.push(name.clone());
        self.numbers.entry(name).or_insert(number);
    }

    /// Returns all names, by number.
    pub(super) fn all(&self) -> &[T] {
        &self.all
    }
}

/// The names in use.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) owners: Numbers<UserId>,
    pub(super) conversations: Numbers<ConversationId>,
    /// Whole sets of labels: there are few, and one number stands for four fields.
    pub(super) labels: Numbers<Labels>,
}

impl Names {
    /// Returns them without what no living row has: labels hold words of people, which must not outlive
    /// what was purged. Numbers stay.
    pub(super) fn of_the_living(&self, has: impl Fn(u32) -> bool) -> Self {
        let mut labels = Numbers::default();
        for (number, kept) in (0..).zip(self.labels.all()) {
            labels.keep(if has(number) { kept.clone() } else { Labels::default() });
        }
        Self { labels, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn a_name_keeps_its_number_and_numbers_have_no_gaps() {
        let mut numbers = Numbers::default();
        let given = ["a", "b", "a", "c", "b"].map(|name| numbers.number(&name));
        assert_eq!(given, [0, 1, 0, 2, 1]);
        assert_eq!(numbers.all(), ["a", "b", "c"]);
        assert_eq!((numbers.find(&"c"), numbers.find(&"d")), (Some(2), None));
    }
}
