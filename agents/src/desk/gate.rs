//! The gate of what is remembered: which part of an answer says something that was not recalled.
//!
//! An answer that repeats a memory and is remembered itself would be found beside it the next time,
//! and count as a second witness. Sentences are compared by their words; a changed word is news.
//! Pure; stores nothing.

use appliance_phrases::utterance;

/// Returns what of `answer` is worth remembering besides `recalled`; `None` when nothing is.
pub(super) fn news(answer: &str, recalled: &[&str]) -> Option<String> {
    let said = utterance::without_label(answer);
    let labelled = said.len() < answer.len();
    let known: Vec<String> = recalled.iter().flat_map(|text| forms(text)).collect();
    let mut kept = String::new();
    let mut from = 0;
    for range in utterance::sentences(said) {
        let sentence = &said[range.clone()];
        let notice = labelled && utterance::is_notice(sentence);
        if notice || repeats(sentence, &known) {
            kept.push_str(said.get(from..range.start).unwrap_or_default());
            from = said.len() - past_marks(&said[range.end..]).len();
        }
    }
    kept.push_str(&said[from..]);
    let kept = kept.trim();
    (!form(kept).is_empty()).then(|| kept.to_owned())
}

/// A citation's mark stands behind the sentence that it belongs to.
fn past_marks(text: &str) -> &str {
    let rest = text.trim_start();
    let word = rest.split_whitespace().next().unwrap_or_default();
    if is_mark(word) { past_marks(&rest[word.len()..]) } else { text }
}

/// Tells whether a sentence is a known one, or a part of one, whoever is said to have said it.
fn repeats(sentence: &str, known: &[String]) -> bool {
    let whole = form(sentence);
    // "You said: ...", "What I remember about it: ..."
    let told = sentence.rsplit_once(": ").map(|(_, told)| form(told)).unwrap_or_default();
    let is_known = |form: &String| {
        let form = format!(" {form} ");
        known.iter().any(|known| format!(" {known} ").contains(&form))
    };
    // A mark alone, such as `[1]`; other sentences without words, such as a fence, hold text together.
    let marked = whole.is_empty() && without_marks(sentence).len() < sentence.len();
    marked || [whole, told].iter().any(|form| !form.is_empty() && is_known(form))
}

fn forms(text: &str) -> Vec<String> {
    let sentences = utterance::sentences(text).into_iter().map(|range| form(&text[range]));
    sentences.chain([form(text)]).filter(|form| !form.is_empty()).collect()
}

/// The words of a sentence, without what asks to keep it, marks at their ends, and `[1]`.
fn form(sentence: &str) -> String {
    let sentence = without_marks(sentence);
    let words = utterance::statement(&sentence).split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        kept.push_str(before);
        rest = after;
        match after.split_once(']') {
            Some((number, behind)) if is_number(number) => rest = behind,
            _ => kept.push('['),
        }
    }
    kept + rest
}

fn is_mark(word: &str) -> bool {
    word.starts_with('[') && without_marks(word).chars().all(|c| c.is_ascii_punctuation())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::news;

    const HERON: &str = "remember that the staging database is called heron";

    #[test]
    fn an_answer_that_only_repeats_is_no_news() {
        for answer in [
            "The staging database is called heron. [1]",
            "It is *called heron*[1].",
            "called heron",
            "You said: \"the staging database is called heron\". [1]",
            "Demo model, as Research: The staging database is called heron. [1]",
            "Demo model, as Research: I cannot do that work myself. What I remember about it: The \
             staging database is called heron. [1]",
            "Demo model: Noted: The cat is called Minka.",
            " \n [1]",
        ] {
            let known = if answer.starts_with("It is") { "It is called heron" } else { HERON };
            assert_eq!(news(answer, &[known]), None, "{answer}");
        }
    }

    #[test]
    fn what_is_new_stays_as_it_was_written() {
        assert_eq!(
            news("It moved on Monday. [2]", &[HERON]).as_deref(),
            Some("It moved on Monday.")
        );
        let mixed = "The staging database is called heron. [1] It moved:\n\n```\n  cp a b\n```";
        assert_eq!(news(mixed, &[HERON]).as_deref(), Some("It moved:\n\n```\n  cp a b\n```"),);
        assert_eq!(
            news("do restart nginx", &["do not restart nginx"]).as_deref(),
            Some("do restart nginx")
        );
        assert_eq!(news("1 2 3.", &[]).as_deref(), Some("1 2 3."));
        assert_eq!(
            news("The staging database is called osprey.", &[HERON]).as_deref(),
            Some("The staging database is called osprey.")
        );
        assert_eq!(news("Noted: by a person.", &[]).as_deref(), Some("Noted: by a person."));
    }
}
