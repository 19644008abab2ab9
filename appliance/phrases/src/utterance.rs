//! What a remembered text is as an utterance: its sentences, whether it only asks, what it states.
//!
//! Light rules over English wording, used by recall and by the demo model, so that both call the
//! same text a question. A question is evidence for nothing: it repeats the words of the next one.
//! Does not understand; a text it misjudges is ranked a little worse, never lost.

mod command;
mod correction;
mod notice;
mod rating;
mod same_fact;
mod small_talk;
mod wish;
mod worth;

use std::ops::Range;

use crate::leads::{LEADS_V1, without_leads};

pub use command::{command, cut_word};
pub use correction::corrected;
pub use notice::{LABEL, is_notice, without_label};
pub use rating::{Rating, is_praise, rating};
pub use same_fact::states_the_same;
pub use small_talk::is_small_talk;
pub use wish::{Wish, wish};
pub use worth::worth_keeping;

/// Words that a question begins with when nobody typed its question mark.
const ASKING: [&str; 14] = [
    "what", "what's", "whats", "where", "where's", "who", "who's", "whose", "which", "how", "why",
    "when", "tell", "show",
];

/// Verbs that a question begins with: "is nginx up".
const ASKING_VERBS: [&str; 12] = [
    "is", "are", "was", "were", "does", "did", "has", "should", "could", "would", "isn't",
    "doesn't",
];

/// Verbs that begin a question only before one of [`SUBJECTS`]: "do we", but "do restart it".
const ASKING_BEFORE_SUBJECTS: [&str; 6] = ["do", "have", "can", "will", "am", "don't"];

const SUBJECTS: [&str; 16] = [
    "i", "you", "we", "they", "he", "she", "it", "the", "my", "your", "our", "this", "that",
    "these", "those", "there",
];

/// How people and models say that they have no answer, lower case.
const DENIALS: [&str; 20] = [
    "i do not know",
    "i don't know",
    "i do not have any information",
    "i don't have any information",
    "i do not have information",
    "i don't have information",
    "i do not have a record",
    "i don't have a record",
    "i have no information",
    "i have no memory",
    "i have no record",
    "i do not remember",
    "i don't remember",
    "i remember nothing",
    "i cannot answer",
    "i can't answer",
    "i could not find",
    "i couldn't find",
    "i cannot find",
    "there is no record",
];

/// Returns the byte ranges of the sentences of `text`, trimmed, in order; none for a blank text.
///
/// A sentence ends at a line's end, or at `.`, `!` or `?` before white space.
#[must_use]
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let next = text[end..].chars().next();
        let stop = matches!(c, '.' | '!' | '?') && next.is_none_or(char::is_whitespace);
        if stop || matches!(c, '\n' | '。' | '？') {
            found.push(from..end);
            from = end;
        }
    }
    found.push(from..text.len());
    found.into_iter().filter_map(|range| trimmed(text, range)).collect()
}

/// Tells whether `text` only asks: every sentence of three words or more is a question.
///
/// `/recall ...` asks; `/ask AGENT ...` is judged by what it asks; `/remember ...` states.
#[must_use]
pub fn is_question(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with("/recall") {
        return true;
    }
    if let Some(asked) = text.strip_prefix("/ask ") {
        return is_question(asked.trim_start().split_once(' ').map_or("", |(_, rest)| rest));
    }
    let parts: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
    parts.iter().any(|part| asks(part))
        && parts.iter().all(|part| asks(part) || part.split_whitespace().count() < 3)
}

/// Tells whether `text` begins by saying that nothing is known: its first sentence of at least
/// three words decides.
#[must_use]
pub fn is_denial(text: &str) -> bool {
    let mut parts = sentences(text).into_iter().map(|range| &text[range]);
    let Some(first) = parts.find(|part| part.split_whitespace().count() >= 3) else { return false };
    let lower = first.to_lowercase().replace('’', "'");
    DENIALS.iter().any(|denial| lower.contains(denial))
}

/// Returns what `text` states, without the words that ask to keep it ("please remember that").
#[must_use]
pub fn statement(text: &str) -> &str {
    without_leads(text, &LEADS_V1)
}

/// Tells whether `text` begins with a wish to have something kept.
#[must_use]
pub fn asks_to_keep(text: &str) -> bool {
    statement(text).len() < text.trim().len() && !is_question(text)
}

fn asks(sentence: &str) -> bool {
    if sentence.ends_with(['?', '？']) {
        return true;
    }
    if sentence.ends_with(['.', '!', ':', ';', ',']) || sentence.contains(": ") {
        return false;
    }
    let mut words = sentence.split_whitespace().map(str::to_lowercase);
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match first.as_str() {
        "tell" | "show" => second == "me",
        word if ASKING_VERBS.contains(&word) => !second.is_empty(),
        word if ASKING_BEFORE_SUBJECTS.contains(&word) => SUBJECTS.contains(&second.as_str()),
        // "when the build fails, restart it" tells; "when is the release" asks.
        "when" => matches!(second.as_str(), "is" | "are" | "was" | "do" | "does" | "did" | "will"),
        word => ASKING.contains(&word),
    }
}

fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_told_from_a_statement() {
        for asked in [
            "what is the staging database called?",
            "What's the staging database called",
            "Hi! which port does the proxy use?",
            "is nginx up?",
            "is nginx up",
            "do we use Postgres",
            "tell me the name of the staging database",
            "/recall staging database",
            "/ask data how big is table orders",
        ] {
            assert!(is_question(asked), "{asked}");
        }
        for stated in [
            "remember that the staging database is called heron",
            "The database is called heron. Is that fine with you?",
            "when the build fails, restart the runner",
            "What we decided: use Postgres",
            "How we deploy is by tag.",
            "do restart nginx at night",
            "Will is our new colleague",
            "have a look at the heron database",
            "/remember the staging database is called heron",
            "/ask data the orders table has moved",
            "",
            "  \n ",
        ] {
            assert!(!is_question(stated), "{stated}");
        }
    }

    #[test]
    fn a_statement_loses_only_the_words_that_ask_to_keep_it() {
        let fact = "the staging database is called heron";
        for text in ["remember that ", "Please remember that ", "NOTE: ", "/remember ", "fyi, "] {
            assert_eq!(statement(&format!("{text}{fact}")), fact);
        }
        assert_eq!(statement("remembering is hard"), "remembering is hard");
        assert_eq!(statement("notes are in the wiki"), "notes are in the wiki");
        assert_eq!(statement("remember"), "remember");
        assert_eq!(statement("ΡΕΜΕΜΒΕΡ that"), "ΡΕΜΕΜΒΕΡ that");
    }

    #[test]
    fn a_wish_to_keep_is_told_from_a_question_about_memory() {
        assert!(asks_to_keep("remember that the staging database is called heron"));
        assert!(!asks_to_keep("the staging database is called heron"));
        assert!(!asks_to_keep("remember what the staging database is called?"));
    }

    #[test]
    fn a_denial_is_told_from_an_answer() {
        assert!(is_denial("Sorry. I don't have any information about the staging database."));
        assert!(!is_denial("The staging database is called heron. I do not know since when."));
        assert!(!is_denial("It is called heron."));
    }

    #[test]
    fn sentences_are_ranges_of_the_text_they_come_from() {
        let text = " The site example.com is ours.\n\nIt renews in May!  Really? yes";
        let parts: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(parts, ["The site example.com is ours.", "It renews in May!", "Really?", "yes"]);
        assert!(sentences(" \n").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_judged(text in "(\\PC|[ .!?\\n]|note|remember that|what ){0,40}") {
            let mut end = 0;
            for range in sentences(&text) {
                assert!(range.start >= end && !text[range.clone()].trim().is_empty());
                end = range.end;
            }
            assert!(text.trim().ends_with(statement(&text)));
            let _ = (is_question(&text), is_denial(&text), asks_to_keep(&text));
        }
    }
}
