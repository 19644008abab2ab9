//! `Forwarded` (RFC 7239): one line of it in, its hops out. Believes nobody, and guesses nothing: a
//! line that breaks the grammar in one place has no hops at all.

use std::borrow::Cow;

use super::hop::{Hop, address};

const SPACE: [char; 2] = [' ', '\t'];

/// Reads the hops of one line, the farthest first; `None` when it cannot be read.
pub(super) fn hops(line: &str) -> Option<Vec<Hop>> {
    let (mut hops, mut element) = (Vec::new(), Element::default());
    let mut rest = line.trim_matches(SPACE);
    while !rest.is_empty() {
        if !rest.starts_with([';', ',']) {
            rest = element.pair(rest)?;
        }
        rest = rest.trim_start_matches(SPACE);
        let Some(end) = rest.chars().next() else { break };
        rest = rest.strip_prefix([';', ','])?.trim_start_matches(SPACE);
        if end == ',' {
            hops.push(std::mem::take(&mut element).hop);
        }
    }
    hops.push(element.hop);
    Some(hops)
}

/// What one proxy has added, as far as it has been read.
#[derive(Default)]
struct Element<'a> {
    hop: Hop,
    names: Vec<&'a str>,
}

impl<'a> Element<'a> {
    /// Reads `name=value` and returns what stands behind it.
    fn pair(&mut self, text: &'a str) -> Option<&'a str> {
        let (name, rest) = word(text, is_token)?;
        let (value, rest) = value(rest.strip_prefix('=')?)?;
        if self.names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return None;
        }
        self.names.push(name);
        if name.eq_ignore_ascii_case("for") {
            self.hop.ip = address(&value);
        } else if name.eq_ignore_ascii_case("proto") {
            self.hop.https = Some(value.eq_ignore_ascii_case("https"));
        }
        Some(rest)
    }
}

/// Reads a quoted value, or one that stands bare; colons and brackets, which should be quoted, too.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let bare = |c| is_token(c) || matches!(c, ':' | '[' | ']');
        return word(text, bare).map(|(value, rest)| (value.into(), rest));
    };
    let end = quoted.find(['"', '\\'])?;
    if quoted[end..].starts_with('"') {
        return Some((quoted[..end].into(), &quoted[end + 1..]));
    }
    let (mut value, mut chars) = (quoted[..end].to_owned(), quoted[end..].chars());
    loop {
        match chars.next()? {
            '"' => return Some((value.into(), chars.as_str())),
            '\\' => value.push(chars.next()?),
            other => value.push(other),
        }
    }
}

/// Takes the longest beginning, at least one character, that `fits`.
fn word(text: &str, fits: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// RFC 9110, section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `address/proto` of each hop, `-` for what is not known.
    fn read(line: &str) -> Option<String> {
        let shown = hops(line)?.into_iter().map(|hop| {
            let ip = hop.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
            let proto = hop.https.map_or("-", |https| if https { "https" } else { "http" });
            format!("{ip}/{proto}")
        });
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_form_of_the_rfc_is_read() {
        for (line, wanted) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60/http"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17/-"),
            ("for=192.0.2.43, for=198.51.100.17", "192.0.2.43/- 198.51.100.17/-"),
            ("for=\"192.0.2.43:47011\" ; PROTO=HTTPS", "192.0.2.43/https"),
            ("for=[2001:db8::1]:80;proto=\"https\"", "2001:db8::1/https"),
            ("for=unknown, for=_hidden, for=\"_gazonk:_1\"", "-/- -/- -/-"),
            ("for=\"192\\.0.2.4\";host=\"a, b; \\\"c\\\"\"", "192.0.2.4/-"),
            ("proto=https", "-/https"),
            (";;for=192.0.2.4;", "192.0.2.4/-"),
            ("for=192.0.2.4,", "192.0.2.4/- -/-"),
            ("", "-/-"),
            (",", "-/- -/-"),
        ] {
            assert_eq!(read(line).as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn a_line_that_breaks_the_grammar_has_no_hops() {
        for line in [
            "for",
            "for=",
            "=192.0.2.4",
            "for =192.0.2.4",
            "for= 192.0.2.4",
            "for=192.0.2.4 proto=http",
            "for=\"192.0.2.4",
            "for=\"192.0.2.4\\",
            "for=\"a\"b",
            "for=192.0.2.4;for=192.0.2.5",
            "for=192.0.2.4;FOR=192.0.2.5",
            "for=a@b",
            "192.0.2.4",
            "for=\u{662f}",
            "\"",
            "for=\"\\",
            // What a stranger left open swallows what the proxy has added, and nothing is read of it.
            "for=192.0.2.4;by=\", for=198.51.100.7",
            "by=\", for=\"[2001:db8::1]\"",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn no_cut_and_no_odd_byte_is_its_end() {
        let line = "for=\"[2001:db8::1]:_p\";proto=https;by=\"\\\"\\\\\", for=unknown;host=\u{e4}";
        for end in 0..=line.len() {
            let cut = line.get(..end).unwrap_or_default();
            for odd in ["", "\"", "\\", ",", ";", "=", "[", "\u{7f}", "\u{1f600}"] {
                _ = hops(&format!("{cut}{odd}"));
                _ = hops(&format!("{odd}{cut}"));
            }
        }
    }
}
