//! Makes characters visible that would hide or reorder what stands around them.
//!
//! Text is stored byte for byte; this is for the screen alone, and copying copies the original.

/// Whether a character has no form of its own and can deceive: direction overrides and isolates,
/// invisible operators and separators, and the tag characters that can smuggle whole sentences.
///
/// Joiners and direction marks stay: scripts and emoji need them.
fn deceives(c: char) -> bool {
    matches!(c,
        '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{2060}'..='\u{2064}'
        | '\u{206A}'..='\u{206F}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}'
        | '\u{180E}' | '\u{200B}' | '\u{FEFF}' | '\u{00AD}')
        || (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
}

/// Returns the text with each deceiving character as its number, such as `[U+202E]`.
#[must_use]
pub fn visible(text: &str) -> String {
    if !text.contains(deceives) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if deceives(c) {
            shown.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_by_its_number() {
        assert_eq!(visible("safe\u{202E}gnp.exe"), "safe[U+202E]gnp.exe");
        assert_eq!(visible("a\u{E0041}b\u{200B}c\u{7}"), "a[U+E0041]b[U+200B]c[U+0007]");
    }

    #[test]
    fn ordinary_text_of_any_script_stays_as_it_is() {
        for text in ["Grüße, 你好", "שלום עולם", "می‌خواهم", "👩‍👩‍👧", "a\tb\nc", ""]
        {
            assert_eq!(visible(text), text);
        }
    }
}
