//! The form in which two texts are the same one: what tells a repeat. Stores nothing.
//!
//! A digest of this form is stored with every memory, so a version is frozen with the lead words it
//! takes away: changing one would make every stored repeat unknown. Better rules are a new version;
//! whoever stores digests keeps the version beside them.

use crate::leads::{LEADS_V1, without_leads};

/// A version of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Case, white space, closing marks and lead words are gone; every other word counts.
    V1,
}

impl Form {
    /// The one that new texts are stored by.
    pub const NEWEST: Self = Self::V1;

    /// Returns `text` in this form: "do" and "do not" stay apart.
    #[must_use]
    pub fn of(self, text: &str) -> String {
        match self {
            Self::V1 => v1(text),
        }
    }
}

/// Tells whether two texts are the same one by the newest rules.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    Form::NEWEST.of(one) == Form::NEWEST.of(other)
}

fn v1(text: &str) -> String {
    let stated = without_leads(text, &LEADS_V1);
    let words: Vec<String> = stated.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches(['.', '!', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_joined_and_opposites_stay_apart() {
        assert!(same("Remember that the  DB is called Heron.", "the db is called heron"));
        assert!(!same("do restart nginx", "do not restart nginx"));
    }

    /// What is stored rests on these very bytes.
    #[test]
    fn the_first_version_is_frozen() {
        for (text, form) in [
            ("Remember that the  DB is called Heron.", "the db is called heron"),
            ("PLEASE note: The Port Is 8081 !!", "the port is 8081"),
            ("fyi, btw, Straße und Ünïcode...", "straße und ünïcode"),
            ("/remember a\tb\nc", "a b c"),
            ("remember", "remember"),
            ("I want you to know that it moved.", "it moved"),
            ("What is it?", "what is it?"),
            ("...", ""),
            (" ", ""),
        ] {
            assert_eq!(Form::V1.of(text), form, "{text:?}");
        }
    }
}
