//! Whether two texts say the same in almost the same words. Computes no vector and knows no memory.
//!
//! A cosine cannot tell: "restart" and "do not restart", "2am" and "3am", "tea over coffee" and
//! "coffee over tea" are near neighbours, and other facts. So besides being near, one of the two has
//! to be the other with some words more, in the same order, and none of these may be a number or a
//! negation. Whatever is replaced keeps two texts apart.

/// Cosine from which on two texts may say the same.
pub(super) const NEAR: f32 = 0.97;

/// Words whose presence tells nothing apart.
const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// Words that turn a sentence round, or count.
const TURNS: [&str; 54] = [
    "aint", "almost", "barely", "before", "after", "cannot", "cant", "dont", "except", "fail",
    "failed", "fails", "former", "formerly", "hardly", "if", "less", "more", "neither", "never",
    "no", "nobody", "none", "nor", "not", "nothing", "nowhere", "off", "on", "only", "or", "over",
    "rarely", "seldom", "stop", "stopped", "under", "unless", "until", "up", "down", "without",
    "wont", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "half",
];

/// Tells whether two texts share most of their telling words; a cheap look before a close one.
pub(super) fn shares_most(one: &[u32], other: &[u32]) -> bool {
    let shared = one.iter().filter(|word| other.contains(word)).count();
    shared * 2 >= one.len().max(other.len())
}

/// Tells whether one text is the other with some harmless words more.
pub(super) fn says_the_same(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    let (less, more) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let mut next = less.iter().peekable();
    for word in &more {
        if next.peek() == Some(&word) {
            next.next();
        } else if turns(word) {
            return false;
        }
    }
    next.peek().is_none()
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace(['’', '\''], "");
    let split = lower.split(|c: char| !c.is_alphanumeric());
    let telling = split.filter(|word| !word.is_empty() && !ARTICLES.contains(word));
    telling.map(str::to_owned).collect()
}

/// Tells whether a word more makes another fact of it.
fn turns(word: &str) -> bool {
    word.contains(char::is_numeric)
        || word.ends_with("nt") && word.len() <= 8
        || TURNS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::says_the_same;

    #[test]
    fn what_a_negation_a_number_an_order_or_another_word_tells_apart_is_not_the_same() {
        for (one, other) in [
            ("restart nginx at night", "do not restart nginx at night"),
            ("restart nginx at night", "don't restart nginx at night"),
            ("the backup runs at 2am", "the backup runs at 3am"),
            ("the backup runs", "the backup runs at 3am"),
            ("Alice prefers tea over coffee", "Alice prefers coffee over tea"),
            ("turn the heating on", "turn the heating off"),
            ("Anna owns the search team", "Maria owns the search team"),
            ("deploy on Monday", "never deploy on Monday"),
            ("we have children", "we have two children"),
            ("it works", "it works only when it rains"),
            ("deploys work without approval", "deploys work"),
        ] {
            assert!(!says_the_same(one, other), "{one} | {other}");
            assert!(!says_the_same(other, one), "{other} | {one}");
        }
    }

    #[test]
    fn some_harmless_words_more_are_the_same() {
        for (one, other) in [
            ("the staging database is called heron", "Staging database is called Heron!"),
            ("our staging database is called heron", "our staging database is now called heron"),
            ("it’s Ida's", "its idas"),
            ("", ""),
        ] {
            assert!(says_the_same(one, other) && says_the_same(other, one), "{one} | {other}");
        }
    }
}
