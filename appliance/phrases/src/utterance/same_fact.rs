//! Whether two texts state one fact, in words that differ in nothing that could be told apart: "the mailer
//! is postmark", "remember that our mailer is now called postmark". Compares no meanings: where a word
//! more could make another fact of it, it is another.

use super::{is_question, statement};
use crate::form;

/// Words that may come or go and leave the fact what it is.
const FILLERS: [&str; 10] =
    ["a", "an", "the", "our", "now", "currently", "called", "named", "just", "still"];

/// Tells whether both state the same; a question states nothing.
#[must_use]
pub fn states_the_same(one: &str, other: &str) -> bool {
    if is_question(one) || is_question(other) {
        return false;
    }
    let words = words(one);
    form::same(one, other) || !words.is_empty() && words == self::words(other)
}

fn words(text: &str) -> Vec<String> {
    let lower = statement(text).to_lowercase();
    let bare =
        lower.split_whitespace().map(|word| word.trim_end_matches(['.', '!', ',', ';', ':']));
    let telling = bare.filter(|word| !word.is_empty() && !FILLERS.contains(word));
    telling.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::states_the_same;

    #[test]
    fn fillers_and_the_wish_to_keep_it_make_no_other_fact() {
        for text in [
            "The mailer is postmark.",
            "remember that the mailer is postmark",
            "/remember our mailer is now postmark",
            "the mailer is currently called postmark!",
        ] {
            assert!(states_the_same("the mailer is postmark", text), "{text}");
        }
    }

    #[test]
    fn whatever_could_tell_apart_makes_another() {
        for text in [
            "the mailer was postmark",
            "the mailer is not postmark",
            "the staging mailer is postmark",
            "my mailer is postmark",
            "postmark is the mailer",
            "the mailer is postmark until Friday",
            "the mailer is postmark. The queue is heron.",
            "is the mailer postmark?",
            "the mailer is osprey",
        ] {
            assert!(!states_the_same("the mailer is postmark", text), "{text}");
            assert!(!states_the_same(text, "the mailer is postmark"), "{text}");
        }
        assert!(!states_the_same("the", "our"));
    }
}
