//! Which memories an answer leans on without citing them: they were recalled for it, and it says their
//! words. It goes with them when they are purged. Pure; stores nothing.
//!
//! Words that the question says prove nothing, nor do those that hold sentences together. Of the others a
//! name, a number or a long word tells by itself; so do two that follow one another in both texts, and any
//! where question and answer together say half of the memory. So an answer that merely speaks of the same
//! things stays.

use std::collections::HashSet;

use appliance_core::{MemoryHit, MemoryId, Message};
use appliance_phrases::words;

/// Returns the memories among `recalled` that `answer`, to what was `asked`, leans on.
pub(super) fn of(answer: &Message, asked: &str, recalled: &[MemoryHit]) -> Vec<MemoryId> {
    let (asked, said) = (telling(asked), telling(&answer.content));
    let cites = |id| answer.citations.iter().any(|citation| citation.memory_id == id);
    let leans =
        |hit: &&MemoryHit| !cites(hit.memory.id) && says(&said, &asked, &telling(&hit.memory.text));
    recalled.iter().filter(leans).map(|hit| hit.memory.id).collect()
}

/// Tells whether an answer says what a memory does.
fn says(said: &[Word], asked: &[Word], memory: &[Word]) -> bool {
    let (ours, theirs, whole) = (folded(said), folded(asked), folded(memory));
    let is_own =
        |word: &Word| ours.contains(word.folded.as_str()) && !theirs.contains(word.folded.as_str());
    if !memory.iter().any(is_own) {
        return false;
    }
    let spoken_of = whole.iter().filter(|word| ours.contains(**word) || theirs.contains(**word));
    spoken_of.count() * 2 >= whole.len()
        || memory.iter().any(|word| word.tells && is_own(word))
        || memory.windows(2).any(|two| two.iter().any(is_own) && follow(said, two))
}

fn folded(words: &[Word]) -> HashSet<&str> {
    words.iter().map(|word| word.folded.as_str()).collect()
}

/// Tells whether two words follow one another.
fn follow(said: &[Word], two: &[Word]) -> bool {
    let same = |one: &[Word]| one.iter().zip(two).all(|(a, b)| a.folded == b.folded);
    said.windows(2).any(same)
}

/// A word of a text that is not among those that hold sentences together.
#[derive(Debug)]
struct Word {
    folded: String,
    /// It is a name, a number or long.
    tells: bool,
}

fn telling(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut begins = true; // a sentence
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        let folded = word.to_lowercase();
        if !word.is_empty() && words::stop_words().binary_search(&folded.as_str()).is_err() {
            found.push(Word { tells: is_name(word, begins) || words::is_telling(word), folded });
        }
        begins = part.ends_with(['.', '!', '?', ':', '\n', '"']) || (begins && word.is_empty());
    }
    found
}

/// Tells whether a word is written as a name is, wherever it stands in its sentence.
fn is_name(word: &str, begins: bool) -> bool {
    let from = usize::from(begins);
    word.chars().count() > 1 && word.chars().skip(from).any(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leans(memory: &str, asked: &str, answer: &str) -> bool {
        says(&telling(answer), &telling(asked), &telling(memory))
    }

    #[test]
    fn an_answer_that_says_what_was_recalled_leans_on_it() {
        for (memory, asked, answer) in [
            ("the staging database is called heron", "what is staging?", "It is called heron."),
            ("the staging database is called heron", "what is the database called?", "heron it is"),
            (
                "remember that the staging database is called heron",
                "what is the staging database called?",
                "You named it heron, I think.",
            ),
            ("the vault code is 4711", "how do I get in?", "Try 4711 at the door."),
            ("my cat is called Minka", "who is she?", "I believe that you speak of minka there."),
            (
                "the door opens with zqxbcdfghjklmnpqrtv",
                "and now?",
                "Say ZQXBCDFGHJKLMNPQRTV twice.",
            ),
        ] {
            assert!(leans(memory, asked, answer), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_speaks_of_the_same_things_does_not() {
        for (memory, asked, answer) in [
            (
                "the staging database is called heron",
                "how do I scale Postgres?",
                "Add replicas first. A database that mostly reads scales well with them.",
            ),
            ("the staging database is called heron", "what is Postgres?", "It is a database."),
            ("the vault code is 4711", "what is the code?", "I do not know the code."),
            ("door number 3 is open", "how do I boil an egg?", "Boil it for 3 minutes in water."),
            ("The backup runs at night", "what is tar?", "The program packs files into one."),
        ] {
            assert!(!leans(memory, asked, answer), "{answer}");
        }
    }
}
