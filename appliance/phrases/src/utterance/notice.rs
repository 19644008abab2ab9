//! What the demo model says about itself: its label and its notices.
//!
//! The demo says these words; whoever remembers answers leaves them out, because they state nothing
//! about the world. Here, and not in the demo, because both sides need them. Says nothing itself.

/// Every answer of the demo begins with this.
pub const LABEL: &str = "Demo model";

/// How the demo's sentences about itself begin.
const NOTICES: [&str; 7] = [
    "I remember nothing about",
    "I can",
    "I cannot",
    "Noted:",
    "Hello!",
    "You are welcome.",
    "For real answers",
];

/// Returns an answer without the label that it began with.
#[must_use]
pub fn without_label(text: &str) -> &str {
    let Some(rest) = text.strip_prefix(LABEL) else { return text };
    rest.split_once(": ").map_or(text, |(_, body)| body)
}

/// Tells whether a sentence is one of the demo's about itself.
#[must_use]
pub fn is_notice(sentence: &str) -> bool {
    NOTICES.iter().any(|start| sentence.starts_with(start))
}
