//! The demo's own words: its label, its phrases, and how a remembered sentence is said again.
//!
//! Whatever is said here must be recognised by [`without_label`] and [`is_own`], so that the demo
//! never cites itself as evidence.

/// Every answer begins with this.
const LABEL: &str = "Demo model";

/// How the demo's sentences about itself begin.
const OWN: [&str; 6] =
    ["I remember nothing about", "I can", "I cannot", "Noted:", "Hello", "Ask me"];

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

/// Returns a remembered answer without the label that it began with.
pub(super) fn without_label(text: &str) -> &str {
    let Some(rest) = text.strip_prefix(LABEL) else { return text };
    rest.split_once(": ").map_or(text, |(_, body)| body)
}

/// Tells whether a sentence is one of the demo's about itself.
pub(super) fn is_own(sentence: &str) -> bool {
    OWN.iter().any(|start| sentence.starts_with(start))
}

/// Says a remembered sentence: as a sentence of its own, or quoted if it is a personal one.
pub(super) fn retold(fact: &str) -> String {
    let personal = fact
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .any(|word| PERSONAL.contains(&word.to_lowercase().as_str()));
    if personal {
        return format!("you said: \"{}\".", fact.trim_end_matches(['.', '!']));
    }
    sentence(fact)
}

/// Returns a text with a capital first letter and a closing mark.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let closed = text.ends_with(['.', '!', '?', '…', ':', '`']);
    format!("{first}{}{}", chars.as_str(), if closed { "" } else { "." })
}

/// Says that there is no answer, honestly, and what can be done.
pub(super) fn nothing_known() -> String {
    "I remember nothing about that. I cannot answer from general knowledge because no language \
     model is configured: set ANTHROPIC_API_KEY and `model: anthropic` for real answers. I can keep \
     what you tell me (/remember TEXT), search it (/recall TEXT) and pass a message to one worker \
     (/ask AGENT TEXT)."
        .to_owned()
}

/// Says that work cannot be done, honestly, and what can.
pub(super) fn cannot_do() -> String {
    "I cannot do that work myself because no language model is configured: set ANTHROPIC_API_KEY \
     and `model: anthropic` for real answers. I can keep what you tell me (/remember TEXT), search \
     it (/recall TEXT) and pass a message to one worker (/ask AGENT TEXT)."
        .to_owned()
}

/// Greets and says what can be done.
pub(super) fn hello() -> String {
    "Hello! I can answer questions from what you told me before, with the source. I can keep \
     something (/remember TEXT), search (/recall TEXT) and pass a message to one worker (/ask AGENT \
     TEXT). For real answers set ANTHROPIC_API_KEY and `model: anthropic`."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_knows_its_own_words() {
        for text in [nothing_known(), cannot_do(), hello()] {
            assert!(is_own(&text), "{text}");
        }
        assert_eq!(without_label(&format!("{}It is heron.", label(Some("Code")))), "It is heron.");
        assert_eq!(without_label(&format!("{}It is heron.", label(None))), "It is heron.");
        assert_eq!(without_label("Heron: a bird"), "Heron: a bird");
    }

    #[test]
    fn a_fact_is_retold_and_a_personal_one_is_quoted() {
        assert_eq!(retold("the database is called heron"), "The database is called heron.");
        assert_eq!(retold("my dog is called Rex."), "you said: \"my dog is called Rex\".");
        assert_eq!(sentence("ärger"), "Ärger.");
        assert_eq!(sentence(""), ".");
    }
}
