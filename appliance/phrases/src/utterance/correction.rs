//! What a remembered sentence says once it is corrected: "the database is called heron", "it is
//! osprey" gives "the database is called osprey".
//!
//! Fits only where the place of the wrong word is plain; elsewhere the question that was asked, or
//! the person, has to help. Decides nothing about memories.

use super::{sentences, statement, wish::states_by_itself};

/// What stands between a thing and what is said of it; the first that fits is taken.
const LINKS: [&str; 8] =
    [" is called ", " is named ", " are called ", " is ", " are ", " was ", " were ", " = "];

/// Words after which a link belongs to a side clause: "the server that is in Berlin".
const SIDE: [&str; 4] = ["that", "which", "who", "there"];

/// Words that the same part of two sentences begins with.
const BEFORE: [&str; 10] = ["on", "in", "at", "to", "from", "by", "for", "with", "under", "port"];

/// Returns what `old` says when `right` is so, or what `question` asks with `right` as its answer;
/// `None` when neither can be told.
#[must_use]
pub fn corrected(old: &str, right: &str, question: Option<&str>) -> Option<String> {
    let right = right.trim();
    if right.is_empty() {
        return None;
    }
    if states_by_itself(right) {
        return Some(right.to_owned());
    }
    let fact = statement(old).trim_end_matches(['.', '!', ' ']);
    let fitted = (sentences(fact).len() == 1).then(|| fitted(fact, right)).flatten();
    fitted.or_else(|| answered(question?, right))
}

fn fitted(fact: &str, right: &str) -> Option<String> {
    number(fact, right).or_else(|| aligned(fact, right)).or_else(|| linked(fact, right))
}

/// A bare number takes the place of the only number.
fn number(fact: &str, right: &str) -> Option<String> {
    if !is_number(right) {
        return None;
    }
    let numbers: Vec<&str> = fact.split_whitespace().filter(|word| is_number(word)).collect();
    let [only] = numbers[..] else { return None };
    Some(fact.replacen(only, right, 1))
}

fn is_number(word: &str) -> bool {
    !word.contains(char::is_whitespace) && word.starts_with(|c: char| c.is_ascii_digit())
}

fn linked(fact: &str, right: &str) -> Option<String> {
    let named = ["called ", "named "].iter().find_map(|lead| right.strip_prefix(lead));
    let head = LINKS.iter().find_map(|link| {
        let mut places = fact.match_indices(link).map(|(at, _)| at);
        let main = places.find(|at| !in_side_clause(&fact[..*at]))?;
        Some(&fact[..main + link.len()])
    })?;
    Some(format!("{head}{}", named.unwrap_or(right)))
}

fn in_side_clause(head: &str) -> bool {
    let last = head.split_whitespace().next_back().unwrap_or_default();
    SIDE.iter().any(|word| word.eq_ignore_ascii_case(last))
}

fn answered(question: &str, right: &str) -> Option<String> {
    let asked = question.trim().trim_end_matches(['?', '？', ' ']);
    let one = sentences(asked).len() == 1 && !asked.contains(": ");
    one.then(|| format!("{asked}: {right}"))
}

/// "it listens on port 8080", "on port 9090": what begins alike is put in its place.
fn aligned(fact: &str, right: &str) -> Option<String> {
    let first = right.split_whitespace().next().filter(|word| BEFORE.contains(word))?;
    let at = fact.rfind(&format!(" {first} "))?;
    Some(format!("{} {right}", &fact[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_word_is_replaced_where_its_place_is_plain() {
        for (old, right, new) in [
            (
                "remember that the staging database is called heron.",
                "osprey",
                "the staging database is called osprey",
            ),
            (
                "the staging database is called heron",
                "called osprey",
                "the staging database is called osprey",
            ),
            ("the proxy listens on port 8080", "on port 9090", "the proxy listens on port 9090"),
            (
                "the proxy listens on port 8080 at night",
                "9090",
                "the proxy listens on port 9090 at night",
            ),
            ("the server that is in Berlin is down", "up", "the server that is in Berlin is up"),
            ("x", "the release is on Friday", "the release is on Friday"),
        ] {
            assert_eq!(corrected(old, right, None).as_deref(), Some(new), "{old} / {right}");
        }
    }

    #[test]
    fn else_the_question_says_what_it_is_about() {
        let question = Some("where does Bob live?");
        let told = corrected("Bob lives near the station", "Hamburg", question);
        assert_eq!(told.as_deref(), Some("where does Bob live: Hamburg"));
        assert_eq!(corrected("Bob lives near the station", "Hamburg", None), None);
        assert_eq!(corrected("One. Two is it.", "three", None), None);
        assert_eq!(corrected("the cat is black", " ", None), None);
    }
}
