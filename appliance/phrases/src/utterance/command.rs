//! How a slash command is told from text: `/word`, then what it is about. Knows no command.

/// Returns the word of a command, as it was typed, and the rest without white space at its ends;
/// `None` for text.
///
/// A message that begins with a path (`/etc/hosts is wrong`), a number or a blank is text.
#[must_use]
pub fn command(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = cut_word(text.strip_prefix('/')?);
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    is_word.then_some((word, rest))
}

/// Cuts at the first white space; what follows loses it at both ends.
#[must_use]
pub fn cut_word(text: &str) -> (&str, &str) {
    match text.find(char::is_whitespace) {
        Some(at) => (&text[..at], text[at..].trim()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn a_command_is_a_word_after_the_slash_and_paths_are_text() {
        assert_eq!(command("/recall\nheron "), Some(("recall", "heron")));
        assert_eq!(command("/UNDO"), Some(("UNDO", "")));
        for text in ["hello", "", "/", "/ ask", " /help", "/etc/hosts is wrong", "//", "/2 of 3"] {
            assert_eq!(command(text), None, "{text:?}");
        }
    }
}
