//! The pieces of words that a table of vectors has, and whether a word is made of them as a word is: whole,
//! or with an ending. Embeds nothing.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Marks a piece that goes on with a word.
const GOES_ON: &str = "##";

/// Fewest letters of a piece that means something by itself.
const STEM: usize = 4;

/// What an English word ends in without becoming another.
const ENDINGS: [&str; 7] = ["s", "es", "ed", "er", "ers", "ing", "ly"];

/// Fewest letters of a second piece that is no ending and not noise.
const SECOND: usize = 3;

/// Every piece, in order.
pub(crate) struct Pieces {
    /// One behind the other.
    joined: String,
    /// Where each ends.
    ends: Vec<u32>,
}

/// What is read of a tokenizer's file.
#[derive(Deserialize)]
struct File {
    model: Model,
}

/// The part of it that has the pieces.
#[derive(Deserialize)]
struct Model {
    vocab: std::collections::BTreeMap<String, u32>,
}

impl Pieces {
    /// Reads them out of a WordPiece tokenizer's file.
    pub(crate) fn read(tokenizer: &[u8]) -> serde_json::Result<Self> {
        let file: File = serde_json::from_slice(tokenizer)?;
        let sorted: BTreeSet<String> = file.model.vocab.into_keys().collect();
        let (mut joined, mut ends) = (String::new(), Vec::with_capacity(sorted.len()));
        for piece in sorted {
            joined += &piece;
            ends.push(joined.len() as u32);
        }
        Ok(Self { joined, ends })
    }

    /// Tells whether a word, lower case, is one piece, or one with an ending or a second one. What falls
    /// into crumbs gets a vector too, which says nothing; so does what has a digit, and a single letter.
    pub(crate) fn make(&self, word: &str) -> bool {
        if word.chars().count() < 2 || word.contains(char::is_numeric) {
            return false;
        }
        if self.has(word) {
            return true;
        }
        let Some(first) = self.first(word).filter(|first| first.chars().count() >= STEM) else {
            return false;
        };
        let rest = &word[first.len()..];
        self.has(&format!("{GOES_ON}{rest}"))
            && (ENDINGS.contains(&rest) || rest.chars().count() >= SECOND)
    }

    /// Returns the longest piece that a word begins with, as a tokenizer takes it.
    fn first<'w>(&self, word: &'w str) -> Option<&'w str> {
        let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.rev().map(|end| &word[..end]).find(|begin| self.has(begin))
    }

    fn has(&self, piece: &str) -> bool {
        let at = |n: usize| {
            let begin = n.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
            &self.joined[begin..self.ends[n] as usize]
        };
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            match at(middle).cmp(piece) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Pieces;

    #[test]
    fn words_are_told_from_what_falls_into_crumbs() {
        let pieces = Pieces::read(include_bytes!("../assets/tokenizer.json")).unwrap();
        for word in ["database", "heron", "deploying", "backend", "rollback", "mailer", "tea"] {
            assert!(pieces.make(word), "{word}");
        }
        let crumbs = [
            "zzzqqqxxx",
            "asdfgh",
            "qwrtz",
            "lorem",
            "ipsum",
            "dolor",
            "consectetur",
            "hjkl",
            "asd",
            "certif",
            "databse",
            "deadbeef",
            "3f2a9c1b",
            "4711",
            "z",
            "\u{f6}",
            "\u{732b}",
            "\u{53e3}\u{6728}",
            "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}",
            "",
        ];
        for word in crumbs {
            assert!(!pieces.make(word), "{word}");
        }
    }
}
