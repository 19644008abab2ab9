//! What the memory page is asked, to and from the address. Checks no value: the server does, and
//! says which one is wrong.
//!
//! Invariant: reading an address gives what wrote it.

/// What can be asked, by its name in the address: the words, a mark of this page, the filters.
const NAMES: [&str; 14] = [
    "q",
    "pinned",
    "collection",
    "tier",
    "agent",
    "conversation_id",
    "from",
    "until",
    "min_utility",
    "phase",
    "outcome",
    "source",
    "domain",
    "as_of",
];

/// Words and filters; empty is everything that holds today.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pairs: Vec<(&'static str, String)>,
}

impl Asked {
    /// Reads the query of an address; what it does not know it leaves out.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            asked.set(name, &decoded(value));
        }
        asked
    }

    /// Returns what stands under `name`; empty when nothing does.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Puts `value` under `name`; an empty one takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        self.pairs.retain(|(known, _)| *known != name);
        let known = NAMES.iter().find(|known| **known == name);
        if let (Some(name), false) = (known, value.is_empty()) {
            self.pairs.push((name, value.to_owned()));
        }
    }

    /// The words that are looked for.
    #[must_use]
    pub fn words(&self) -> &str {
        self.get("q").trim()
    }

    /// How many filters there are.
    #[must_use]
    pub fn filters_set(&self) -> usize {
        self.pairs.iter().filter(|(name, _)| *name != "q").count()
    }

    /// Returns the words alone.
    #[must_use]
    pub fn without_filters(&self) -> Self {
        let mut asked = Self::default();
        asked.set("q", self.get("q"));
        asked
    }

    /// The query of the page's address, with its question mark; empty when nothing is asked.
    #[must_use]
    pub fn address(&self) -> String {
        let pairs = joined(self.pairs.iter());
        if pairs.is_empty() { pairs } else { format!("?{pairs}") }
    }

    /// The query of a list's page.
    #[must_use]
    pub fn list(&self, limit: usize, cursor: Option<&str>) -> String {
        let filters = self.pairs.iter().filter(|(name, _)| !is_of_page(name));
        let limit = [("limit", limit.to_string())];
        let cursor = cursor.map(|cursor| ("cursor", cursor.to_owned()));
        joined(filters.chain(&limit).chain(&cursor))
    }

    /// The body of a search, a [`MemoryQuery`](web_dto::MemoryQuery). Written by hand: writing and
    /// reading fractions takes tables of 20 KB, and the one here is a fraction already.
    #[must_use]
    pub fn body(&self, limit: usize) -> String {
        let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
        let mut filters = String::new();
        for (name, value) in self.pairs.iter().filter(|(name, _)| !is_of_page(name)) {
            if !filters.is_empty() {
                filters.push(',');
            }
            let bare = *name == "min_utility" && is_fraction(value);
            let value = if bare { value.clone() } else { text(value) };
            filters.push_str(&format!("\"{name}\":{value}"));
        }
        let query = text(self.words());
        format!(r#"{{"query":{query},"limit":{limit},"peek":true,"filters":{{{filters}}}}}"#)
    }
}

/// Whether a name is no filter of the server's.
fn is_of_page(name: &str) -> bool {
    matches!(name, "q" | "pinned")
}

/// Whether it may stand in JSON as it is, such as `0.5`.
fn is_fraction(value: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    value.strip_prefix("0.").is_some_and(digits) || matches!(value, "0" | "1")
}

fn joined<'a>(pairs: impl Iterator<Item = &'a (&'static str, String)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        encode(value, &mut query);
    }
    query
}

fn encode(value: &str, query: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            query.push('%');
            for half in [byte >> 4, byte & 15] {
                query.extend(char::from_digit(u32::from(half), 16));
            }
        }
    }
}

fn decoded(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), value.as_bytes());
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|b| char::from(*b).to_digit(16));
        rest = after;
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            (b'+', ..) => bytes.push(b' '),
            (byte, ..) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use web_dto::MemoryQuery;

    use super::*;

    #[test]
    fn an_address_repeats_what_was_asked() {
        let mut asked = Asked::default();
        for (n, name) in NAMES.iter().enumerate() {
            asked.set(name, &format!("ä&= +%{n}?/😀"));
        }
        assert_eq!(Asked::read(&asked.address()), asked);
        assert!(asked.address().is_ascii());
        assert_eq!(Asked::default().address(), "");
    }

    #[test]
    fn foreign_and_broken_addresses_are_read_as_far_as_they_go() {
        let asked = Asked::read("?q=two+words&x=1&tier=%zz%4&=&&pinned");
        assert_eq!(asked.words(), "two words");
        assert_eq!((asked.get("tier"), asked.get("x"), asked.get("pinned")), ("%zz%4", "", ""));
        assert_eq!(Asked::read("?q=%ff").words(), "\u{fffd}");
    }

    #[test]
    fn whatever_is_asked_is_json() {
        let mut asked = Asked::default();
        asked.set("q", "\"quoted\" \\ \n");
        for odd in ["0.", "1e9", "0.5,\"x\":1", "nan", "00"] {
            asked.set("min_utility", odd);
            let body: serde_json::Value = serde_json::from_str(&asked.body(1)).unwrap();
            assert_eq!(body["filters"]["min_utility"], odd);
            assert_eq!(body["query"], "\"quoted\" \\");
        }
    }

    #[test]
    fn every_filter_is_sent_both_ways_and_marks_of_the_page_are_not() {
        let mut asked = Asked::default();
        NAMES.iter().for_each(|name| asked.set(name, "0.5"));
        let body: MemoryQuery = serde_json::from_str(&asked.body(50)).unwrap();
        assert_eq!((body.query.as_str(), body.limit, body.peek), ("0.5", 50, true));
        assert_eq!(body.filters.min_utility, Some(0.5));
        let mut in_body: Vec<_> = body.filters.pairs().iter().map(|(name, _)| *name).collect();
        let query = asked.list(100, None);
        let mut in_query: Vec<_> =
            query.split('&').filter_map(|p| Some(p.split_once('=')?.0)).collect();
        assert_eq!(in_query.pop(), Some("limit"));
        in_body.sort_unstable();
        in_query.sort_unstable();
        assert_eq!(in_query, in_body);
        assert_eq!(asked.filters_set(), NAMES.len() - 1);
        assert_eq!(asked.without_filters().address(), "?q=0.5");
    }
}
