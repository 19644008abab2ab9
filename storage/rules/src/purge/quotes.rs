//! Quotes: whether a text says word for word what is to be purged. Pure.
//!
//! Words are runs of letters and digits, whatever their case and the marks between them; in scripts that
//! put no spaces between words, each letter, which counts as half of one. A text of few plain words stands in
//! others by chance: only a text that is mostly it says it, and of one or two only what is all of it.

use std::{
    collections::{BTreeSet, HashMap},
    mem,
};

use appliance_phrases::{form::Form, utterance, words::is_telling};

/// A text of so many words is told where it is at least half of what is said.
const TOLD: usize = 3;

/// A text of so many words is told wherever it stands, as one with a code in it.
const LONG: usize = 6;

/// The texts that are to be purged.
#[derive(Debug, Default)]
pub(super) struct Quotes {
    /// Their words.
    texts: Vec<Vec<String>>,
    /// Of those that are told within others, which begin with a word.
    beginning: HashMap<String, Vec<usize>>,
    /// The forms of all of them.
    forms: BTreeSet<String>,
    /// Codes and the like among their words.
    codes: BTreeSet<String>,
}

impl Quotes {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        let words = words(utterance::statement(text));
        self.forms.extend(Some(Form::NEWEST.of(text)).filter(|form| !form.is_empty()));
        self.codes.extend(words.iter().filter(|word| is_telling(word)).cloned());
        let Some(first) = words.first().cloned() else { return };
        if weight(&words) >= TOLD {
            self.beginning.entry(first).or_default().push(self.texts.len());
        }
        self.texts.push(words);
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Tells whether `text` says one of them word for word, or is one as people repeat it.
    pub fn are_in(&self, text: &str) -> bool {
        let stated = utterance::worth_keeping(text).unwrap_or(text);
        if self.forms.contains(&Form::NEWEST.of(stated)) {
            return true;
        }
        let words = words(text);
        let begins = |at: usize| {
            let mut there = self.beginning.get(&words[at]).into_iter().flatten();
            there.any(|number| {
                let text = &self.texts[*number];
                let is_told = weight(text) >= LONG || text.len() * 2 >= words.len();
                is_told && words[at..].starts_with(text)
            })
        };
        (0..words.len()).any(begins)
    }

    /// Tells whether a code of one of them is in `text`.
    pub fn lend_a_code_to(&self, text: &str) -> bool {
        !self.codes.is_empty() && words(text).iter().any(|word| self.codes.contains(word))
    }

    /// Tells whether one of them says `text`.
    pub fn say(&self, text: &str) -> bool {
        let part = words(text);
        let says = |whole: &Vec<String>| whole.windows(part.len()).any(|words| words == part);
        !part.is_empty() && self.texts.iter().any(says)
    }
}

/// Returns how many words tell a text of these; a code among them tells it by itself.
fn weight(words: &[String]) -> usize {
    let letters = words.iter().filter(|word| word.chars().all(is_of_no_spaces)).count();
    let has_code = words.iter().any(|word| is_telling(word));
    words.len() - letters + letters / 2 + if has_code { LONG } else { 0 }
}

fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let mut begun = String::new();
        for letter in run.chars().flat_map(char::to_lowercase) {
            if is_of_no_spaces(letter) {
                found.extend(Some(mem::take(&mut begun)).filter(|word| !word.is_empty()));
                found.push(letter.to_string());
            } else {
                begun.push(letter);
            }
        }
        found.extend(Some(begun).filter(|word| !word.is_empty()));
    }
    found
}

/// Tells whether a letter is of a script that puts no spaces between words: Thai, Lao, Burmese, Khmer,
/// Japanese and Chinese.
const fn is_of_no_spaces(letter: char) -> bool {
    matches!(
        letter,
        '\u{0e00}'..='\u{0eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(text: &str) -> Quotes {
        let mut quotes = Quotes::default();
        quotes.add(text);
        quotes
    }

    #[test]
    fn a_text_is_told_wherever_it_stands_word_for_word() {
        let vault = quotes("remember that the vault code is kept by Ida");
        for text in [
            "The vault code is kept by Ida.",
            "Forgotten: \"the vault code is kept by Ida\".",
            "is it true that THE vault code is kept by ida?",
            "/forget the vault code is kept by Ida",
        ] {
            assert!(vault.are_in(text), "{text}");
        }
        for text in ["the vault code is kept by Idaho", "who keeps the vault code?", ""] {
            assert!(!vault.are_in(text), "{text}");
        }
    }

    #[test]
    fn a_text_of_few_words_is_told_by_what_is_mostly_it() {
        let tea = quotes("I like tea");
        assert!(tea.are_in("Noted: \"I like tea\".") && tea.are_in("for Bob: I like tea"));
        assert!(!tea.are_in("I like tea and my dog is called Rex"));
        let six = quotes("the printer is in the cellar");
        assert!(six.are_in("Anna, who is from Ulm, says that the printer is in the cellar now"));
    }

    #[test]
    fn a_text_without_spaces_is_told_within_another() {
        let secret = quotes("我的密码是苹果");
        assert!(secret.are_in("对，我的密码是苹果。") && secret.are_in("请问我的密码是苹果吗？"));
        assert!(!secret.are_in("我的密码是什么？"));
        let tea = quotes("お茶");
        assert!(tea.are_in("お茶!") && !tea.are_in("お茶が好きです"));
    }

    #[test]
    fn a_text_of_a_plain_word_is_told_by_what_is_all_of_it() {
        let tea = quotes("green tea");
        assert!(tea.are_in("Green tea!") && tea.are_in("/remember green tea"));
        assert!(!tea.are_in("I like green tea in the morning"));
        let rocket = quotes("🚀");
        assert!(rocket.are_in("🚀") && !rocket.are_in("what is it?"));
    }

    #[test]
    fn a_code_is_told_by_itself_and_part_of_a_text_is_found_in_it() {
        let vault = quotes("the vault code is 4711");
        assert!(vault.lend_a_code_to("does 4711 open it?"));
        assert!(!vault.lend_a_code_to("what opens the vault? 47 11"));
        assert!(vault.say("4711") && vault.say("Code is 4711"));
        assert!(!vault.say("471") && !vault.say("the code") && !vault.say("..."));
        assert!(Quotes::default().is_empty() && !Quotes::default().are_in("anything"));
    }
}
