//! Parts of a line: joining text, finding memory marks and bare addresses, and judging links.

use super::Inline;

/// Longest address that becomes a link; a longer one is shown as text.
const MAX_HREF_BYTES: usize = 2_048;

/// Schemes that may be linked to.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// Returns the address if a person may safely be sent there.
///
/// Control characters and blanks are refused, not skipped: browsers skip them, and so
/// `java\nscript:` would come back to life.
#[must_use]
pub fn safe_href(address: &str) -> Option<String> {
    let address = address.trim();
    if address.len() > MAX_HREF_BYTES
        || address.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return None;
    }
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    let scheme = SCHEMES.iter().find(|scheme| lower.starts_with(*scheme))?;
    (address.len() > scheme.len()).then(|| address.to_owned())
}

/// Adds text behind what is there, joining text to text.
pub(super) fn push_text(line: &mut Vec<Inline>, text: &str) {
    if let Some(Inline::Text(before)) = line.last_mut() {
        before.push_str(text);
    } else if !text.is_empty() {
        line.push(Inline::Text(text.to_owned()));
    }
}

/// Splits the texts of a finished line at memory marks and bare addresses.
pub(super) fn refine(line: Vec<Inline>) -> Vec<Inline> {
    let mut refined = Vec::with_capacity(line.len());
    for part in line {
        match part {
            Inline::Text(text) => split(&text, &mut refined),
            other => refined.push(other),
        }
    }
    refined
}

fn split(text: &str, out: &mut Vec<Inline>) {
    let mut rest = text;
    while let Some((before, special, after)) = next_special(rest) {
        push_text(out, before);
        out.push(special);
        rest = after;
    }
    push_text(out, rest);
}

/// Finds the next mark or address: what stands before it, the part, what stands after it.
fn next_special(text: &str) -> Option<(&str, Inline, &str)> {
    text.char_indices().filter(|(_, c)| matches!(c, '[' | 'h')).find_map(|(at, c)| {
        let (before, here) = text.split_at(at);
        let (part, length) = if c == '[' { mark(here)? } else { bare_address(before, here)? };
        Some((before, part, &here[length..]))
    })
}

fn mark(here: &str) -> Option<(Inline, usize)> {
    let (digits, _) = here.strip_prefix('[')?.split_once(']')?;
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = plain.then(|| digits.parse().ok()).flatten()?;
    Some((Inline::Mark(number), digits.len() + 2))
}

fn bare_address(before: &str, here: &str) -> Option<(Inline, usize)> {
    if !here.starts_with("https://") && !here.starts_with("http://") {
        return None;
    }
    if before.chars().next_back().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let end = here.find(|c: char| c.is_whitespace() || "<>\"'`".contains(c)).unwrap_or(here.len());
    let address = here[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
    let href = safe_href(address)?;
    let inside = vec![Inline::Text(address.to_owned())];
    Some((Inline::Link { href, inside }, address.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_are_links() {
        for good in ["https://example.com/a?b#c", "HTTP://example.com", "mailto:a@example.com"] {
            assert!(safe_href(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//example.com",
            "/settings",
            "https://",
            "blob:https://example.com/1",
            "",
        ] {
            assert_eq!(safe_href(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn marks_and_bare_addresses_are_found_in_plain_words() {
        let mut line = Vec::new();
        push_text(&mut line, "It is heron [1], see (https://example.com/x). ");
        push_text(&mut line, "Not [12345], not [a], not xhttps://y.");
        let refined = refine(line);
        let link = Inline::Link {
            href: "https://example.com/x".into(),
            inside: vec![Inline::Text("https://example.com/x".into())],
        };
        assert_eq!(
            refined,
            [
                Inline::Text("It is heron ".into()),
                Inline::Mark(1),
                Inline::Text(", see (".into()),
                link,
                Inline::Text("). Not [12345], not [a], not xhttps://y.".into()),
            ]
        );
    }
}
