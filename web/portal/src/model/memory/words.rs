//! What a memory and the tiers are called on the page.

use web_dto::{ActionView, MemoryView, TierView};

use crate::model::{face, visible};

/// Says who said it: `you said`, `Code answered`.
#[must_use]
pub fn origin(memory: &MemoryView) -> String {
    if memory.kind == "document" && memory.author.is_none() && memory.agent.is_none() {
        return "read".to_owned();
    }
    let who = match (&memory.author, memory.agent.as_deref()) {
        (Some(author), _) => visible(author),
        (None, Some(agent)) => face(agent).name.to_owned(),
        (None, None) if memory.kind == "answer" => "an agent".to_owned(),
        (None, None) => "you".to_owned(),
    };
    let did = match memory.kind.as_str() {
        "note" => "noted",
        "answer" => "answered",
        "learning" => "learned",
        "document" => "read",
        _ => "said",
    };
    format!("{who} {did}")
}

/// Says the first characters of a text.
#[must_use]
pub fn beginning(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let mut beginning: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        beginning.push('…');
    }
    visible(&beginning)
}

/// Says a number with its thousands apart.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Says what a search could not ask for all memories; nothing where it asked everything.
#[must_use]
pub fn missing(parts: &[String]) -> &'static str {
    let is_away = |name: &str| parts.iter().any(|part| part == name);
    match (is_away("vectors"), is_away("words")) {
        (true, true) => "; the indexes are being read in, look again in a moment",
        (true, false) => "; by words alone, meanings are still being read in",
        (false, true) => "; by meaning alone, words are still being read in",
        (false, false) => "",
    }
}

/// Says how often.
#[must_use]
pub fn times(n: u32) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", number(n.into())) }
}

/// Says a score with two digits.
#[must_use]
pub fn hundredths(score: f64) -> String {
    let whole = (score.max(0.0) * 100.0 + 0.5) as u64;
    format!("{}.{:02}", whole / 100, whole % 100)
}

/// Says how full a tier is: `12 of 1,000`, `1.5 GB of 100 GB`.
#[must_use]
pub fn fullness(tier: &TierView) -> String {
    if tier.unit == "bytes" {
        return format!("{} of {}", bytes(tier.used), bytes(tier.limit));
    }
    format!("{} of {}", number(tier.used), number(tier.limit))
}

/// Says what was done: `Forgot 3 memories`.
#[must_use]
pub fn deed(action: &ActionView) -> String {
    let did = match action.deed.as_str() {
        "forget" => "Forgot",
        "correct" => "Corrected",
        "pin" => "Pinned",
        _ => "Unpinned",
    };
    match action.memory_ids.len() {
        1 => format!("{did} a memory"),
        n => format!("{did} {n} memories"),
    }
}

fn bytes(n: u64) -> String {
    let (mut size, mut unit) = (n, "B");
    for larger in ["KB", "MB", "GB", "TB"] {
        if size < 1_000 {
            break;
        }
        // Tenths while they say something.
        if size < 10_000 && size % 1_000 >= 100 {
            return format!("{}.{} {larger}", size / 1_000, size % 1_000 / 100);
        }
        (size, unit) = (size / 1_000, larger);
    }
    format!("{size} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_search_could_not_ask() {
        let said = |parts: &[&str]| missing(&parts.iter().map(|p| (*p).into()).collect::<Vec<_>>());
        assert_eq!(said(&[]), "");
        assert!(said(&["vectors"]).contains("by words alone"));
        assert!(said(&["words"]).contains("by meaning alone"));
        assert!(said(&["words", "vectors"]).contains("look again"));
    }

    #[test]
    fn says_who_said_it() {
        let memory = |kind: &str, agent: Option<&str>, author: Option<&str>| MemoryView {
            kind: kind.into(),
            agent: agent.map(Into::into),
            author: author.map(Into::into),
            ..MemoryView::default()
        };
        assert_eq!(origin(&memory("said", None, None)), "you said");
        assert_eq!(origin(&memory("document", None, None)), "read", "nobody's word");
        assert_eq!(origin(&memory("answer", Some("qa"), None)), "QA answered");
        assert_eq!(origin(&memory("document", None, Some("Eve\u{202e}"))), "Eve[U+202E] read");
    }

    #[test]
    fn says_how_much_it_is() {
        let tier = |used, limit, unit: &str| TierView {
            used,
            limit,
            unit: unit.into(),
            ..TierView::default()
        };
        assert_eq!(fullness(&tier(12, 1_000, "memories")), "12 of 1,000");
        assert_eq!(fullness(&tier(1_520_000_000, 100_000_000_000, "bytes")), "1.5 GB of 100 GB");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(2_000), "2 KB");
        assert_eq!(bytes(17_900), "17 KB");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(123), "123");
        assert_eq!([1, 2, 1_200].map(times), ["once", "2 times", "1,200 times"]);
        assert_eq!([0.0, 0.005, 1.234, -1.0].map(hundredths), ["0.00", "0.01", "1.23", "0.00"]);
    }

    #[test]
    fn says_what_was_done() {
        let action = |deed: &str, n| ActionView {
            id: String::new(),
            deed: deed.into(),
            memory_ids: vec![String::new(); n],
            replacement: None,
            at: String::new(),
            undone_at: None,
        };
        assert_eq!(deed(&action("forget", 3)), "Forgot 3 memories");
        assert_eq!(deed(&action("correct", 1)), "Corrected a memory");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(beginning("äöü", 2), "äö…");
        assert_eq!(beginning("ab", 2), "ab");
    }
}
