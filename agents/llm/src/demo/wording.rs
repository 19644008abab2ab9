//! The demo's own words: its label, its phrases, and how a remembered sentence is said again.
//!
//! Whatever is said here must be recognised by [`without_label`](utterance::without_label) and
//! [`is_notice`](utterance::is_notice), so that the demo never cites itself as evidence.

use appliance_phrases::utterance::LABEL;

/// Most characters of a remembered sentence that are said again.
const MOST_RETOLD: usize = 400;

/// Words after which a sentence is somebody's own and is better quoted than retold.
const PERSONAL: [&str; 14] = [
    "i", "i'm", "i've", "i'd", "i'll", "my", "mine", "me", "we", "we're", "we've", "our", "ours",
    "us",
];

/// Returns the label, with the role if there is one.
pub(super) fn label(role: Option<&str>) -> String {
    match role {
        Some(role) => format!("{LABEL}, as {role}: "),
        None => format!("{LABEL}: "),
    }
}

/// Says a remembered sentence: as a sentence of its own, or quoted if it is a personal one.
pub(super) fn retold(fact: &str) -> String {
    let fact = shortened(fact);
    let personal = fact
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| PERSONAL.contains(&word.to_lowercase().as_str()));
    if personal {
        return format!("you said: \"{}\".", fact.trim_end_matches(['.', '!']));
    }
    sentence(&fact)
}

/// Says what was read somewhere, as that place's words and nobody else's.
pub(super) fn read_in(label: &str, fact: &str) -> String {
    format!("{label} says: \"{}\".", shortened(fact).trim_end_matches(['.', '!']))
}

/// Says that something is noted; true, because every message is remembered.
pub(super) fn noted(fact: &str) -> String {
    format!("Noted: {}", sentence(&shortened(fact)))
}

/// Returns a text with a capital first letter and a closing mark; a name such as `example.com` or
/// `iPhone` keeps its first letter.
fn sentence(text: &str) -> String {
    let closed = text.ends_with(['.', '!', '?', '…', ':', '`', '\n']);
    let stop = if closed { "" } else { "." };
    let word = text.split_whitespace().next().unwrap_or_default();
    let plain = word.chars().all(|c| c.is_lowercase() || c == '\'' || c == ',');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if plain => format!("{}{}{stop}", first.to_uppercase(), chars.as_str()),
        _ => format!("{text}{stop}"),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_RETOLD {
        return text.to_owned();
    }
    let cut: String = text.chars().take(MOST_RETOLD).collect();
    let whole_words = cut.rfind(char::is_whitespace).unwrap_or(cut.len());
    format!("{}…", &cut[..whole_words])
}

/// Says that there is no answer, honestly, and what can be done.
pub(super) fn nothing_known() -> String {
    "I remember nothing about that. I cannot answer from general knowledge because no language \
     model is configured: set ANTHROPIC_API_KEY and model.provider: anthropic for real answers. I can keep \
     what you tell me (/remember TEXT), search it (/recall TEXT) and pass a message to one worker \
     (/ask AGENT TEXT)."
        .to_owned()
}

/// Says that work cannot be done, honestly, and what can.
pub(super) fn cannot_do() -> String {
    "I cannot do that work myself because no language model is configured: set ANTHROPIC_API_KEY \
     and model.provider: anthropic for real answers. I can keep what you tell me (/remember TEXT), search \
     it (/recall TEXT) and pass a message to one worker (/ask AGENT TEXT)."
        .to_owned()
}

/// Answers thanks.
pub(super) fn welcome() -> String {
    "You are welcome.".to_owned()
}

/// Greets and says what can be done.
pub(super) fn hello() -> String {
    "Hello! I can answer questions from what you told me before, with the source. I can keep \
     something (/remember TEXT), search (/recall TEXT) and pass a message to one worker (/ask AGENT \
     TEXT). For real answers set ANTHROPIC_API_KEY and model.provider: anthropic."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use appliance_phrases::utterance;

    use super::*;

    #[test]
    fn the_demo_knows_its_own_words() {
        for text in [nothing_known(), cannot_do(), hello(), welcome(), noted("it is late")] {
            for range in utterance::sentences(&text) {
                assert!(utterance::is_notice(&text[range.clone()]), "{}", &text[range]);
            }
        }
        assert_eq!(
            utterance::without_label(&format!("{}It is heron.", label(Some("Code")))),
            "It is heron."
        );
        assert_eq!(
            utterance::without_label(&format!("{}It is heron.", label(None))),
            "It is heron."
        );
        assert_eq!(utterance::without_label("Heron: a bird"), "Heron: a bird");
    }

    #[test]
    fn a_fact_is_retold_and_a_personal_one_is_quoted() {
        assert_eq!(retold("the database is called heron"), "The database is called heron.");
        assert_eq!(retold("my dog is called Rex."), "you said: \"my dog is called Rex\".");
        assert_eq!(sentence("ärger"), "Ärger.");
        assert_eq!(retold("example.com is down"), "example.com is down.");
        assert_eq!(retold("iPhones are banned"), "iPhones are banned.");
    }

    #[test]
    fn a_long_text_is_not_said_again_whole() {
        let long = noted(&"wörd ".repeat(10_000));
        assert!(long.chars().count() < MOST_RETOLD + 20 && long.ends_with("wörd…"), "{long}");
    }
}
