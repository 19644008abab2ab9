//! Under which names a browser keeps what was typed and not sent: by server and person, by
//! conversation, and by tab, so that no tab overwrites another's. Keeps nothing itself.
//!
//! `assets/boot.js` knows the form too: a kind, whose, where, and at the end the tab, or `left` once
//! that tab is gone.

/// What stands in a name in the place of a tab that is gone.
pub const LEFT: &str = "left";

/// Where a conversation that the server has not heard of yet is kept.
const NEW: &str = "new";

/// Whose what is typed is, on which server.
#[must_use]
pub fn whose(instance: &str, person: &str) -> String {
    format!("{instance}.{person}")
}

/// The name of a conversation's draft.
#[must_use]
pub fn draft_name(whose: &str, conversation: &str, tab: &str) -> String {
    format!("draft.{whose}.{}.{tab}", place(conversation))
}

/// The name of a message that the server has not confirmed.
#[must_use]
pub fn unsent_name(whose: &str, conversation: &str, key: &str, tab: &str) -> String {
    format!("{}{key}.{tab}", unsent_of(whose, conversation))
}

/// Reads the key and the tab out of the name of an unsent message of this conversation.
#[must_use]
pub fn read_unsent<'a>(
    name: &'a str,
    whose: &str,
    conversation: &str,
) -> Option<(&'a str, &'a str)> {
    name.strip_prefix(&unsent_of(whose, conversation))?.rsplit_once('.')
}

/// A message that the server has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// When it was sent last, in ms; 0 once that has failed.
    pub sent_ms: u64,
    /// When it was sent first under its key, in ms; 0 where that is not known.
    pub since_ms: u64,
    /// When it was tried last, in ms; 0 where that is not known.
    pub tried_ms: u64,
    /// Its text.
    pub text: String,
}

impl Unsent {
    /// How it is kept.
    #[must_use]
    pub fn write(&self) -> String {
        format!("{} {} {}\n{}", self.sent_ms, self.since_ms, self.tried_ms, self.text)
    }

    /// Reads one that was kept, by an earlier version too, which did not note every time.
    #[must_use]
    pub fn parse(kept: &str) -> Option<Self> {
        let (times, text) = kept.split_once('\n')?;
        let mut times = times.split(' ').map(|time| time.parse::<u64>().ok());
        let sent_ms = times.next()??;
        let since_ms = times.next().unwrap_or(Some(sent_ms))?;
        let tried_ms = times.next().unwrap_or(Some(sent_ms))?;
        Some(Self { sent_ms, since_ms, tried_ms, text: text.to_owned() })
    }

    /// Whether the server may have forgotten its key: sent under it once more, a message that had
    /// arrived would arrive twice. Of one whose time is not known that cannot be said.
    #[must_use]
    pub fn has_outlived_its_key(&self, now_ms: u64) -> bool {
        self.since_ms > 0 && now_ms.saturating_sub(self.since_ms) >= KEY_LIFE_MS - SPARE_MS
    }

    /// Whether a message that the server has may be this one: it has its words, and came between the
    /// first try and the last.
    #[must_use]
    pub fn may_be(&self, text: &str, at_ms: f64) -> bool {
        let latest_ms = self.tried_ms.saturating_add(APART_MS) as f64;
        let is_later = self.tried_ms > 0 && at_ms > latest_ms;
        self.text == text && at_ms >= self.earliest_ms() && !is_later
    }

    /// The earliest that the server can have taken it in.
    #[must_use]
    pub fn earliest_ms(&self) -> f64 {
        self.since_ms.saturating_sub(APART_MS) as f64
    }
}

/// How long the server knows a key.
const KEY_LIFE_MS: u64 = web_dto::KEY_LIFE_SECONDS * 1_000;

/// How long before that a key is not trusted any more.
const SPARE_MS: u64 = 60 * 60 * 1_000;

/// How far the server's clock and ours may be apart where another message has the same words.
const APART_MS: u64 = 2 * 60 * 1_000;

/// The conversation of a draft as it was kept before persons and tabs were told apart.
#[must_use]
pub fn older_draft(name: &str) -> Option<&str> {
    name.strip_prefix("draft.").filter(|conversation| !conversation.contains('.'))
}

/// Whether a name is of something that this person has typed.
#[must_use]
pub fn is_typed_by(name: &str, whose: &str) -> bool {
    let rest = name.strip_prefix("draft.").or_else(|| name.strip_prefix("unsent."));
    rest.and_then(|rest| rest.strip_prefix(whose)).is_some_and(|rest| rest.starts_with('.'))
}

/// Puts a text that comes back before what was typed since.
#[must_use]
pub fn joined(text: &str, since: &str) -> String {
    if since.trim().is_empty() || since == text {
        return text.to_owned();
    }
    format!("{text}\n\n{since}")
}

fn unsent_of(whose: &str, conversation: &str) -> String {
    format!("unsent.{whose}.{}.", place(conversation))
}

fn place(conversation: &str) -> &str {
    if conversation.is_empty() { NEW } else { conversation }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_server_person_conversation_and_tab() {
        let ann = whose("5be1", "ann");
        let names = [
            draft_name(&ann, "c1", "t1"),
            draft_name(&ann, "c1", "t2"),
            draft_name(&ann, "", "t1"),
            draft_name(&whose("77f0", "ann"), "c1", "t1"),
            draft_name(&whose("5be1", "bob"), "c1", "t1"),
        ];
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert!(is_typed_by(&names[0], &ann) && is_typed_by(&names[2], &ann));
        assert!(!is_typed_by(&names[3], &ann) && !is_typed_by(&names[4], &ann));
        assert!(!is_typed_by("theme", &ann));
    }

    #[test]
    fn an_unsent_message_is_found_again_by_its_conversation() {
        let ann = whose("5be1", "ann");
        // The second is what a browser without random ids makes.
        for key in ["0199aa00-0000-7000", "k-17.5-0.25"] {
            let name = unsent_name(&ann, "c1", key, "t1");
            assert_eq!(read_unsent(&name, &ann, "c1"), Some((key, "t1")));
            assert_eq!(read_unsent(&name, &ann, "c2"), None);
            assert_eq!(read_unsent(&name, &ann, ""), None);
            assert!(is_typed_by(&name, &ann));
        }
    }

    #[test]
    fn a_kept_message_is_read_back_whatever_is_in_it() {
        for text in ["", "one\ntwo", "17 3\n", "\u{1f468}\n\n"] {
            let unsent = Unsent { sent_ms: 17, since_ms: 3, tried_ms: 5, text: text.to_owned() };
            assert_eq!(Unsent::parse(&unsent.write()), Some(unsent));
        }
        let older = Unsent::parse("17\none\ntwo").unwrap();
        assert_eq!((older.sent_ms, older.since_ms, &*older.text), (17, 17, "one\ntwo"));
        let failed = Unsent::parse("0 3\none").unwrap();
        assert_eq!((failed.since_ms, failed.tried_ms), (3, 0), "nobody knows when it was tried");
        assert_eq!(Unsent::parse("no number"), None);
    }

    #[test]
    fn a_key_is_trusted_no_longer_than_the_server_knows_it() {
        let day = 24 * 60 * 60 * 1_000;
        let (since_ms, tried_ms) = (10 * day, 10 * day + day / 2);
        let unsent = Unsent { sent_ms: 0, since_ms, tried_ms, text: "yes".to_owned() };
        assert!(!unsent.has_outlived_its_key(10 * day + day / 2));
        assert!(unsent.has_outlived_its_key(11 * day - 1), "clocks differ a little");
        assert!(!Unsent { since_ms: 0, ..unsent.clone() }.has_outlived_its_key(10 * day));
        assert!(unsent.may_be("yes", 10.1 * day as f64) && !unsent.may_be("no", 10.1 * day as f64));
        for another in [9.0, 9.99, 10.51] {
            assert!(!unsent.may_be("yes", another * day as f64), "that was another one");
        }
        let unknown = Unsent { tried_ms: 0, ..unsent };
        assert!(unknown.may_be("yes", 10.51 * day as f64));
    }

    #[test]
    fn a_draft_of_before_is_known_by_its_name() {
        assert_eq!(older_draft("draft.0199aa00-0000-7000"), Some("0199aa00-0000-7000"));
        assert_eq!(older_draft("draft."), Some(""));
        assert_eq!(older_draft(&draft_name("i.ann", "c1", "t1")), None);
        assert_eq!(older_draft("theme"), None);
    }

    #[test]
    fn a_text_that_comes_back_costs_nothing_that_was_typed_since() {
        assert_eq!(joined("one", " "), "one");
        assert_eq!(joined("one", "one"), "one");
        assert_eq!(joined("one", "two"), "one\n\ntwo");
    }
}
