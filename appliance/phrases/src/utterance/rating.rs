//! Ratings in plain words: "8 - nice", "8/10 great", "ten"; and praise, which is one without a number.
//!
//! Reads whole messages, by the rules that PAI installations use: a number at the very beginning, then
//! at most 80 characters; numbers that count something, name a place in a list or go on as another
//! number are none. Whether there is an answer to rate, the caller knows.

/// What a person gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rating<'a> {
    /// 1 to 10.
    pub value: u8,
    /// The words with it.
    pub comment: Option<&'a str>,
    /// Whether it is a number alone, which may as well answer a question ("how many?").
    pub bare: bool,
}

/// Most characters after the number.
const MOST_TAIL: usize = 80;

const NUMBERS: [&str; 10] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/// Words after a number that it counts, or goes on with.
const COUNTED: [&str; 36] = [
    "am", "and", "big", "bits", "bug", "byte", "bytes", "day", "days", "file", "gb", "hour",
    "item", "kb", "line", "mb", "minute", "month", "more", "o'clock", "of", "or", "out", "people",
    "percent", "plus", "pm", "point", "second", "server", "step", "thing", "time", "to", "week",
    "year",
];

/// Words with an s at their end that are counted by no number.
const NOT_COUNTED: [&str; 12] = [
    "always", "as", "is", "its", "less", "perhaps", "thanks", "this", "thus", "was", "yes",
    "success",
];

const GOOD: [&str; 40] = [
    "amazing",
    "awesome",
    "brilliant",
    "cool",
    "excellent",
    "exactly",
    "fantastic",
    "good",
    "good answer",
    "good job",
    "great",
    "great answer",
    "great job",
    "great work",
    "i love it",
    "it works",
    "love it",
    "many thanks",
    "nice",
    "nice job",
    "nice one",
    "nice work",
    "perfect",
    "spot on",
    "super",
    "thank you",
    "thank you so much",
    "thank you very much",
    "thanks",
    "thanks a lot",
    "thanks so much",
    "that helped",
    "that helps",
    "that is perfect",
    "that works",
    "that's perfect",
    "thx",
    "very helpful",
    "well done",
    "wonderful",
];

/// Reads the rating that `text` is, if it is one.
#[must_use]
pub fn rating(text: &str) -> Option<Rating<'_>> {
    let text = text.trim();
    let (value, rest, spelled) = leading_number(text)?;
    if let Some(rest) = of_ten(rest) {
        let comment = tail(rest)?;
        return Some(Rating { value, comment, bare: false });
    }
    let marked = rest.trim_start().starts_with(['-', ':', '–', '—', ',', '!']);
    if rest.starts_with(['/', '.', ')', ']', '%', '\'']) || rest.starts_with(char::is_alphanumeric)
    {
        return None;
    }
    let comment = tail(rest)?;
    match comment {
        None => Some(Rating { value, comment, bare: true }),
        // "one more thing" and "8 servers are down" rate nothing.
        Some(words) if !marked && (spelled || counts(words)) => None,
        Some(words) if counts(words) => None,
        Some(_) => Some(Rating { value, comment, bare: false }),
    }
}

/// Tells whether `text` is nothing but thanks or praise.
#[must_use]
pub fn is_praise(text: &str) -> bool {
    if text.len() > MOST_TAIL || text.contains('?') {
        return false;
    }
    let lower = text.to_lowercase().replace('’', "'");
    let mut parts = lower.split([',', '.', '!', ';', '\n']).map(plain).filter(|p| !p.is_empty());
    let first = parts.next();
    first.is_some_and(|first| praises(&first) && parts.all(|part| praises(&part)))
}

fn leading_number(text: &str) -> Option<(u8, &str, bool)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let value = text[..digits].parse().ok().filter(|value| (1..=10).contains(value))?;
        let written = text.starts_with(|c| c != '0');
        return written.then_some((value, &text[digits..], false));
    }
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = text[..end].to_ascii_lowercase();
    let place = NUMBERS.iter().position(|number| *number == word)?;
    Some((u8::try_from(place + 1).ok()?, &text[end..], true))
}

/// "/10", "out of 10", "of ten".
fn of_ten(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let after = match rest.strip_prefix('/') {
        Some(after) => after,
        None => rest.strip_prefix("out of ").or_else(|| rest.strip_prefix("of "))?,
    };
    let after = after.trim_start();
    let rest = after.strip_prefix("10").or_else(|| after.strip_prefix("ten"))?;
    let ends = !rest.starts_with(char::is_alphanumeric) && !rest.starts_with(['/', '%']);
    (ends && !rest.starts_with(".0")).then_some(rest)
}

/// The words after a rating, `Some(None)` for none; `None` when they are too many or ask.
#[expect(clippy::option_option, reason = "no words and wrong words are two things")]
fn tail(rest: &str) -> Option<Option<&str>> {
    let words = rest.trim().trim_start_matches(['-', ':', '–', '—', ',', '!', '.', ' ']).trim_end();
    if words.chars().count() > MOST_TAIL || words.contains(['?', '\n']) {
        return None;
    }
    Some((!words.is_empty()).then_some(words))
}

fn counts(words: &str) -> bool {
    let first = words.split_whitespace().next().unwrap_or_default().to_lowercase();
    let first = first.trim_end_matches([',', '.', ';', ':', '!']);
    let many = first.len() > 3 && first.ends_with('s') && !first.ends_with("ss");
    COUNTED.contains(&first) || (many && !NOT_COUNTED.contains(&first))
}

fn plain(part: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || c.is_whitespace() || *c == '\'';
    let words: String = part.chars().filter(kept).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn praises(part: &str) -> bool {
    GOOD.contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(text: &str) -> Option<(u8, Option<&str>)> {
        rating(text).map(|it| (it.value, it.comment))
    }

    #[test]
    fn a_rating_is_read_with_its_words() {
        for (text, value, comment) in [
            ("8 - nice", 8, Some("nice")),
            ("8: nice and short", 8, Some("nice and short")),
            ("8 nice", 8, Some("nice")),
            ("8, thanks!", 8, Some("thanks!")),
            ("8 thanks", 8, Some("thanks")),
            ("10", 10, None),
            (" 10! ", 10, None),
            ("1", 1, None),
            ("8/10 great", 8, Some("great")),
            ("10/10", 10, None),
            ("3/10: too long", 3, Some("too long")),
            ("7 out of 10", 7, None),
            ("seven of ten - fine", 7, Some("fine")),
            ("Ten", 10, None),
            ("eight - nice", 8, Some("nice")),
            ("2 – wrong database", 2, Some("wrong database")),
        ] {
            assert_eq!(rated(text), Some((value, comment)), "{text}");
        }
        assert!(rating("8").is_some_and(|it| it.bare));
        assert!(rating("8/10").is_some_and(|it| !it.bare));
    }

    #[test]
    fn numbers_that_rate_nothing_are_left_alone() {
        let long = format!("8 - {}", "x".repeat(81));
        for text in [
            "0",
            "11",
            "100",
            "08",
            "8.5",
            "8) restart it",
            "8] x",
            "8th of May",
            "3/4 of it",
            "8/100",
            "8/10.0",
            "80%",
            "8%",
            "3 items are missing",
            "3 steps",
            "2 files",
            "5 lines too long",
            "4 bugs",
            "4 - bugs everywhere",
            "2 servers are down",
            "7 people are coming",
            "1 more thing",
            "one more thing",
            "five years ago it was heron",
            "3 and 4",
            "10 am",
            "2 or 3?",
            "8 - is that right?",
            "8\nand a second line",
            "give it an 8",
            "eighty",
            "",
            "nice",
            long.as_str(),
        ] {
            assert_eq!(rated(text), None, "{text}");
        }
    }

    #[test]
    fn praise_is_told_from_talk() {
        for text in
            ["thanks", "Thank you very much!", "Perfect, thanks!", "that's perfect 🎉", "Great!"]
        {
            assert!(is_praise(text), "{text}");
        }
        for text in ["great, but it is too long", "thanks?", "good morning", "", "🎉", "nice cat"]
        {
            assert!(!is_praise(text), "{text}");
        }
    }
}
