//! What is noted beside each commit: how far it goes, of which records, and how much it holds. The file
//! that tantivy keeps it in has no checksum, so it carries its own. Reads no file.

use appliance_core::HistoryId;
use xxhash_rust::xxh3::xxh3_64;

/// The layout of the folder; another one is filled again.
const LAYOUT: &str = "texts.v3";

/// What is stored beside a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Noted {
    /// Up to where the records are in.
    pub position: u64,
    /// How many texts that makes.
    pub count: usize,
    /// Whose positions these are; all zeros in memory.
    pub history: HistoryId,
}

impl Noted {
    /// Returns it as text.
    pub fn text(&self) -> String {
        let Self { position, count, history } = self;
        let text = format!("{LAYOUT} {position} {count} {history}");
        let sum = xxh3_64(text.as_bytes());
        format!("{text} {sum:016x}")
    }

    /// Reads it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with(LAYOUT) {
            return Err("it was written by another version".to_owned());
        }
        let mut words = text.split(' ').skip(1);
        let mut word = || words.next().unwrap_or_default();
        let (position, count, history) = (word().parse(), word().parse(), word().parse());
        let read = match (position, count, history) {
            (Ok(position), Ok(count), Ok(history)) => Some(Self { position, count, history }),
            _ => None,
        };
        let whole = read.filter(|noted| noted.text() == text);
        whole.ok_or_else(|| "what is noted with it is damaged".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_comes_back_and_no_changed_letter_is_believed() {
        let noted = Noted { position: 42, count: 7, history: HistoryId::from_bytes([9; 16]) };
        let text = noted.text();
        assert_eq!(Noted::parse(&text), Ok(noted));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(Noted::parse(&String::from_utf8(bytes).unwrap()).is_err(), "{at}");
        }
        assert!(Noted::parse("texts.v2 42").is_err_and(|why| why.contains("another version")));
    }
}
