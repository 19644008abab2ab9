//! What a person wants done to what is remembered: "forget that", "undo that", "that is wrong, it
//! is X".
//!
//! Reads whole messages of one sentence only, and rather misses a wish than takes plain talk for
//! one: a missed wish can be said as a command (`/forget`), a message taken for a wish is never
//! answered. Carries nothing out.

/// A wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<'a> {
    /// "Forget that": what was just spoken of.
    ForgetThat,
    /// "Forget what I said about X".
    ForgetAbout(&'a str),
    /// "Undo that".
    Undo,
    /// "That is wrong", without what is right.
    Wrong,
    /// "That is wrong, it is X".
    Correct(&'a str),
    /// "No, it's X": a correction only where there is something to correct, plain talk elsewhere.
    MaybeCorrect(&'a str),
}

/// Longest message that is read as a wish.
const MOST_BYTES: usize = 2_000;

const POLITE: [&str; 9] =
    ["please", "ok", "okay", "oh", "hm", "sorry", "well", "can you", "could you"];

const FORGET: [&str; 3] = ["forget", "do not remember", "don't remember"];

const THAT: [&str; 8] = [
    "that",
    "this",
    "what i said",
    "what i just said",
    "what i told you",
    "what i just told you",
    "what you just said",
    "my last message",
];

const ABOUT: [&str; 15] = [
    "what i said about",
    "what i just said about",
    "what i told you about",
    "what you know about",
    "what you remember about",
    "what you learned about",
    "everything about",
    "everything i said about",
    "everything i told you about",
    "everything you know about",
    "everything you remember about",
    "anything about",
    "all you know about",
    "all about",
    "the fact that",
];

const UNDO: [&str; 9] = [
    "undo",
    "undo that",
    "undo this",
    "undo it",
    "undo the last one",
    "undo the last change",
    "undo the correction",
    "undo the forgetting",
    "take that back",
];

const NO: [&str; 4] = ["no", "nope", "no no", "nah"];

const WRONG: [&str; 22] = [
    "that is wrong",
    "that's wrong",
    "thats wrong",
    "this is wrong",
    "it is wrong",
    "it's wrong",
    "that was wrong",
    "that is not right",
    "that's not right",
    "that isn't right",
    "that is not correct",
    "that's not correct",
    "that isn't correct",
    "that is incorrect",
    "that's incorrect",
    "that is not true",
    "that's not true",
    "that isn't true",
    "wrong",
    "incorrect",
    "not true",
    "not correct",
];

/// How the right answer is led in, the longer ones first.
const IT_IS: [&str; 18] = [
    "it is actually",
    "it's actually",
    "it should say",
    "it should be",
    "it must be",
    "it is",
    "it's",
    "its",
    "it was",
    "they are",
    "they're",
    "the right answer is",
    "the correct answer is",
    "the right one is",
    "the answer is",
    "i meant",
    "i mean",
    "should be",
];

/// What "no, it's ..." goes on with when it corrects nothing.
const TALK: [&str; 30] = [
    "not",
    "no",
    "fine",
    "ok",
    "okay",
    "good",
    "great",
    "alright",
    "all right",
    "enough",
    "wrong",
    "right",
    "correct",
    "too",
    "so",
    "very",
    "still",
    "just",
    "also",
    "already",
    "me",
    "my fault",
    "your turn",
    "a good",
    "a bad",
    "a great",
    "possible",
    "impossible",
    "because",
    "nothing",
];

/// Verbs that make a rest without "it is" a statement of its own.
const STATING: [&str; 14] = [
    "is", "are", "was", "were", "has", "have", "uses", "runs", "lives", "listens", "called",
    "named", "prefers", "belongs",
];

/// Reads the wish that `text` is, if it is one.
#[must_use]
pub fn wish(text: &str) -> Option<Wish<'_>> {
    let text = text.trim();
    if text.len() > MOST_BYTES || text.contains(['?', '\n', '？']) {
        return None;
    }
    let said = polite(text);
    if UNDO.iter().any(|words| after(said, words).is_some_and(is_over)) {
        return Some(Wish::Undo);
    }
    FORGET.iter().find_map(|verb| forgotten(after(said, verb)?)).or_else(|| corrected(said))
}

/// Tells whether `text` states something by itself, so that it can take another text's place.
#[must_use]
pub(super) fn states_by_itself(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let verb = |word: &&str| STATING.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    words.len() >= 3 && words.iter().skip(1).any(verb) && !super::asks(text)
}

fn forgotten(rest: &str) -> Option<Wish<'_>> {
    let rest = rest.trim_start();
    if THAT.iter().any(|that| after(rest, that).is_some_and(is_over)) {
        return Some(Wish::ForgetThat);
    }
    let about = ABOUT.iter().find_map(|about| after(rest, about));
    let what = match about {
        Some(what) => whole(what)?,
        None => after(rest, "that").and_then(whole).filter(|what| is_a_fact(what))?,
    };
    // "forget what I said about the weather, what is the release date"
    let turns = what.rsplit_once([',', ';']).is_some_and(|(_, last)| super::asks(last.trim()));
    (!turns).then_some(Wish::ForgetAbout(what))
}

/// "that the release is on Monday", but not "that idea, let us take the other".
fn is_a_fact(what: &str) -> bool {
    const BEGIN: [&str; 9] = ["the", "my", "our", "i", "we", "he", "she", "they", "your"];
    let first = what.split_whitespace().next().unwrap_or_default();
    let begins = BEGIN.iter().any(|word| word.eq_ignore_ascii_case(first));
    begins && !what.contains(',') && states_by_itself(what)
}

fn corrected(said: &str) -> Option<Wish<'_>> {
    let denied = NO.iter().find_map(|no| after(said, no)).map(past_marks);
    let rest = denied.unwrap_or(said);
    if let Some(rest) = WRONG.iter().find_map(|words| after(rest, words)) {
        if is_over(rest) {
            return Some(Wish::Wrong);
        }
        return right(rest).filter(|it| !begins_with(it, &TALK[..4])).map(Wish::Correct);
    }
    let actually = after(rest, "actually").map(past_marks);
    if denied.is_none() && actually.is_none() {
        return None;
    }
    let it = it_is(actually.unwrap_or(rest))?;
    (!begins_with(it, &TALK)).then_some(Wish::MaybeCorrect(it))
}

/// What is right, after the words that something is wrong.
fn right(rest: &str) -> Option<&str> {
    let marked = rest.trim_start().starts_with([',', '.', ';', ':', '-', '–', '—', '!']);
    let rest = past_marks(rest);
    let rest = after(rest, "actually").map_or(rest, past_marks);
    let rest = after(rest, "because").is_none().then_some(rest)?;
    it_is(rest).or_else(|| whole(rest).filter(|rest| marked && states_by_itself(rest)))
}

fn it_is(rest: &str) -> Option<&str> {
    IT_IS.iter().find_map(|lead| after(rest, lead)).and_then(whole)
}

fn begins_with(text: &str, leads: &[&str]) -> bool {
    leads.iter().any(|lead| after(text, lead).is_some())
}

/// What is left of a rest without its marks; `None` if that is nothing.
fn whole(rest: &str) -> Option<&str> {
    let rest = past_marks(rest).trim_end();
    let rest = rest.strip_suffix(" please").unwrap_or(rest).trim_end_matches(['.', '!', ',', ' ']);
    (!rest.is_empty()).then_some(rest)
}

fn past_marks(rest: &str) -> &str {
    rest.trim_start_matches([' ', ',', '.', ';', ':', '-', '–', '—', '!'])
}

fn is_over(rest: &str) -> bool {
    let rest = rest.trim_matches([' ', ',', '.', '!']);
    rest.is_empty() || ["please", "again", "now", "thanks"].contains(&&*rest.to_lowercase())
}

fn polite(text: &str) -> &str {
    let shorter = POLITE.iter().find_map(|word| after(text, word)).map(past_marks);
    match shorter {
        Some(rest) if !rest.is_empty() => polite(rest),
        _ => text,
    }
}

/// Returns what follows `phrase` at the beginning of `text`, which must end there at a word's end.
fn after<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let mut rest = text;
    for wanted in phrase.chars() {
        let got = rest.chars().next()?;
        let same = got.eq_ignore_ascii_case(&wanted) || (wanted == '\'' && got == '’');
        rest = same.then(|| &rest[got.len_utf8()..])?;
    }
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
    ends.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_just_spoken_of_can_be_forgotten() {
        for text in [
            "forget that",
            "Forget that.",
            "please forget this!",
            "ok, forget that please",
            "can you forget what I just said",
            "Don’t remember that",
        ] {
            assert_eq!(wish(text), Some(Wish::ForgetThat), "{text}");
        }
    }

    #[test]
    fn what_is_to_be_forgotten_can_be_named() {
        for (text, what) in [
            ("forget what I said about the staging database", "the staging database"),
            ("Please forget everything about Bob, Alice and Carl.", "Bob, Alice and Carl"),
            ("forget what you know about my salary please", "my salary"),
            ("forget that the release is on Monday", "the release is on Monday"),
        ] {
            assert_eq!(wish(text), Some(Wish::ForgetAbout(what)), "{text}");
        }
    }

    #[test]
    fn a_deed_can_be_taken_back() {
        for text in ["undo", "Undo that.", "please undo it", "undo the last change"] {
            assert_eq!(wish(text), Some(Wish::Undo), "{text}");
        }
    }

    #[test]
    fn a_correction_is_read_with_what_is_right() {
        for (text, right) in [
            ("that is wrong, it is osprey", "osprey"),
            ("That's wrong. It's port 9090.", "port 9090"),
            ("no, that’s not right: it should be `a && b`", "`a && b`"),
            ("wrong, actually it is Thursday", "Thursday"),
            ("that is wrong, the database is called osprey", "the database is called osprey"),
            ("that is incorrect - I meant Friday", "Friday"),
        ] {
            assert_eq!(wish(text), Some(Wish::Correct(right)), "{text}");
        }
        for (text, right) in [
            ("no, it's osprey", "osprey"),
            ("No it is on port 9090", "on port 9090"),
            ("actually it is Thursday", "Thursday"),
            ("no, actually, it's blue", "blue"),
        ] {
            assert_eq!(wish(text), Some(Wish::MaybeCorrect(right)), "{text}");
        }
        for text in ["that is wrong", "No, that's not correct!", "wrong"] {
            assert_eq!(wish(text), Some(Wish::Wrong), "{text}");
        }
    }

    #[test]
    fn plain_talk_is_no_wish() {
        for text in [
            "forget about the weather, what is the release date?",
            "forget about the weather",
            "forget it",
            "forget everything",
            "forget me not",
            "forget that idea, let us take the other",
            "forget that thing",
            "forget what I said about the weather, what is the release date",
            "don't forget that the release is on Monday",
            "I forget that all the time",
            "Forget that. What is next?",
            "never forget that the cat is hungry",
            "undo that migration",
            "how do I undo that?",
            "undo the last commit in git",
            "that is wrong because the index is stale",
            "that is wrong, try again",
            "that is wrong, it is not osprey",
            "wrong answers are shown in red",
            "is that wrong?",
            "no",
            "no, thanks",
            "no, it's fine",
            "no, it is not needed",
            "No, it's too slow for that.",
            "actually I like it",
            "actually it is fine",
            "it is osprey",
            "remember that it is wrong, it is osprey",
            "",
            "  ",
        ] {
            assert_eq!(wish(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "(\\PC|[ ,.!]|forget |that |no|it's |wrong|undo ){0,30}") {
            if let Some(Wish::ForgetAbout(part) | Wish::Correct(part) | Wish::MaybeCorrect(part)) =
                wish(&text)
            {
                assert!(!part.trim().is_empty() && text.contains(part));
            }
        }
    }
}
