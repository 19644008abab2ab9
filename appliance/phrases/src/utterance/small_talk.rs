//! Greetings, thanks, nods and other words that say nothing about the world, in English and German.
//!
//! Rather misses small talk than takes a statement for it: a message is small talk only where every
//! part of it is. Ranks nothing.

use super::rating::is_praise;

/// Longest text that is looked at; what is longer says something.
const MOST_BYTES: usize = 120;

/// Words around small talk that add nothing to it.
const AROUND: [&str; 40] = [
    "ok",
    "okay",
    "oh",
    "ah",
    "well",
    "hey",
    "so",
    "and",
    "then",
    "there",
    "all",
    "everyone",
    "everybody",
    "team",
    "guys",
    "folks",
    "again",
    "now",
    "too",
    "please",
    "man",
    "mate",
    "dear",
    "friend",
    "computer",
    "bot",
    "assistant",
    "today",
    "und",
    "zusammen",
    "alle",
    "leute",
    "nochmal",
    "dir",
    "euch",
    "ihnen",
    "na",
    "ach",
    "dann",
    "mal",
];

/// What a name, or one more word, may follow.
const GREETINGS: [&str; 21] = [
    "hi",
    "hello",
    "hey",
    "hiya",
    "good morning",
    "good afternoon",
    "good evening",
    "good night",
    "thanks",
    "thank you",
    "bye",
    "goodbye",
    "welcome",
    "hallo",
    "guten morgen",
    "guten tag",
    "guten abend",
    "gute nacht",
    "danke",
    "tschüss",
    "servus",
];

/// Whole parts that are small talk, besides [`GREETINGS`] and praise.
const PHRASES: [&str; 155] = [
    // Greetings and goodbyes.
    "howdy",
    "greetings",
    "morning",
    "evening",
    "good day",
    "nice to meet you",
    "see you",
    "see you later",
    "see you soon",
    "see you tomorrow",
    "later",
    "talk to you later",
    "ciao",
    "cheers",
    "have a nice day",
    "have a good day",
    "have a great day",
    "have a nice weekend",
    "have a good weekend",
    "take care",
    "moin",
    "moin moin",
    "grüß gott",
    "grüezi",
    "tschau",
    "tschuess",
    "auf wiedersehen",
    "bis später",
    "bis bald",
    "bis morgen",
    "bis gleich",
    "schönen tag",
    "schönen tag noch",
    "schönen abend",
    "schönes wochenende",
    // How are you.
    "how are you",
    "how are you doing",
    "how do you do",
    "how is it going",
    "how's it going",
    "how are things",
    "what's up",
    "whats up",
    "sup",
    "i am fine",
    "i'm fine",
    "im fine",
    "i'm good",
    "i am good",
    "doing well",
    "not bad",
    "and you",
    "you",
    "wie geht's",
    "wie gehts",
    "wie geht es",
    "wie läuft's",
    "gut",
    "mir geht es gut",
    "mir geht's gut",
    "und selbst",
    // Who are you.
    "who are you",
    "what are you",
    "what can you do",
    "what do you do",
    "can you help me",
    "can you help",
    "help",
    "help me",
    "are you there",
    "you there",
    "is anybody there",
    "anybody there",
    "can you hear me",
    "test",
    "testing",
    "ping",
    "wer bist du",
    "was bist du",
    "was kannst du",
    "bist du da",
    "kannst du mir helfen",
    "hilfe",
    // Thanks and their answers.
    "thank you very much",
    "much appreciated",
    "appreciated",
    "ty",
    "thx",
    "you are welcome",
    "you're welcome",
    "no problem",
    "no worries",
    "my pleasure",
    "sorry",
    "my bad",
    "oops",
    "excuse me",
    "vielen dank",
    "danke schön",
    "danke sehr",
    "dankeschön",
    "besten dank",
    "bitte",
    "bitte schön",
    "bitte sehr",
    "gern",
    "gerne",
    "gern geschehen",
    "keine ursache",
    "kein problem",
    "entschuldigung",
    "sorry about that",
    // Nods.
    "yes",
    "yep",
    "yeah",
    "yup",
    "no",
    "nope",
    "sure",
    "right",
    "correct",
    "true",
    "fine",
    "alright",
    "all right",
    "got it",
    "i see",
    "understood",
    "makes sense",
    "agreed",
    "of course",
    "go on",
    "go ahead",
    "continue",
    "never mind",
    "nevermind",
    "whatever",
    "lol",
    "haha",
    "hm",
    "hmm",
    "wow",
    "idk",
    "ja",
    "jo",
    "nein",
    "nee",
    "genau",
    "klar",
    "alles klar",
    "stimmt",
    "verstanden",
    "passt",
    "weiter",
    "egal",
];

/// Tells whether `text` is small talk and nothing else; a text without a letter or a digit, such as
/// a thumb, is too.
#[must_use]
pub fn is_small_talk(text: &str) -> bool {
    if text.len() > MOST_BYTES {
        return false;
    }
    let lower = text.to_lowercase().replace('’', "'");
    lower.split(is_mark).map(plain).all(|part| is_small(&part)) || is_praise(text)
}

fn is_mark(c: char) -> bool {
    matches!(c, ',' | '.' | '!' | '?' | ';' | ':' | '(' | ')' | '\n' | '–' | '—')
}

fn plain(part: &str) -> Vec<String> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    part.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect()
}

fn is_small(words: &[String]) -> bool {
    let whole = words.join(" ");
    words.is_empty() || is_phrase(&whole) || greets(&whole) || {
        let inner = without_around(words);
        inner.len() < words.len() && is_small(inner)
    }
}

fn is_phrase(part: &str) -> bool {
    PHRASES.contains(&part) || GREETINGS.contains(&part) || is_praise(part)
}

/// "hello Ida": a greeting and one word more.
fn greets(part: &str) -> bool {
    let rest =
        GREETINGS.iter().filter_map(|greeting| part.strip_prefix(greeting)?.strip_prefix(' '));
    rest.into_iter().any(|rest| !rest.contains(' ') && !rest.contains(char::is_numeric))
}

fn without_around(words: &[String]) -> &[String] {
    let around = |word: &String| AROUND.contains(&word.as_str());
    let from = words.iter().take_while(|word| around(word)).count();
    let words = &words[from..];
    let until = words.len() - words.iter().rev().take_while(|word| around(word)).count();
    &words[..until]
}
