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

/// How a message is kept: with the moment it was sent at, in ms, or 0 once that has failed.
#[must_use]
pub fn write_unsent(sent_ms: u64, text: &str) -> String {
    format!("{sent_ms}\n{text}")
}

/// Reads a message that was kept: when it was sent, and its text.
#[must_use]
pub fn parse_unsent(kept: &str) -> Option<(u64, &str)> {
    let (sent_ms, text) = kept.split_once('\n')?;
    Some((sent_ms.parse().ok()?, text))
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
        for text in ["", "one\ntwo", "17\n", "\u{1f468}\n\n"] {
            assert_eq!(parse_unsent(&write_unsent(17, text)), Some((17, text)));
        }
        assert_eq!(parse_unsent("no number"), None);
    }

    #[test]
    fn a_text_that_comes_back_costs_nothing_that_was_typed_since() {
        assert_eq!(joined("one", " "), "one");
        assert_eq!(joined("one", "one"), "one");
        assert_eq!(joined("one", "two"), "one\n\ntwo");
    }
}
