//! What the portal reads out of an address: the set-up token and the open conversation.

/// Returns the token of a set-up link's fragment, such as `#t=Zm9v`.
#[must_use]
pub fn token_of(fragment: &str) -> Option<String> {
    let pairs = fragment.strip_prefix('#')?;
    let token = pairs.split('&').find_map(|pair| pair.strip_prefix("t="))?;
    (!token.is_empty()).then(|| token.to_owned())
}

/// Returns the conversation of the chat page's query, such as `?c=0199...`.
#[must_use]
pub fn conversation_of(query: &str) -> Option<String> {
    let pairs = query.strip_prefix('?').unwrap_or(query);
    let id = pairs.split('&').find_map(|pair| pair.strip_prefix("c="))?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_token_wherever_it_stands_in_the_fragment() {
        assert_eq!(token_of("#t=abc-_9").as_deref(), Some("abc-_9"));
        assert_eq!(token_of("#x=1&t=abc").as_deref(), Some("abc"));
        assert_eq!(token_of("#t="), None);
        assert_eq!(token_of("#x=1"), None);
        assert_eq!(token_of(""), None);
    }

    #[test]
    fn takes_only_ids_as_a_conversation() {
        let id = "0199aa00-0000-7000-8000-000000000001";
        assert_eq!(conversation_of(&format!("?c={id}")).as_deref(), Some(id));
        assert_eq!(conversation_of(&format!("a=b&c={id}")).as_deref(), Some(id));
        assert_eq!(conversation_of("?c=../../etc"), None, "a path is no id");
        assert_eq!(conversation_of(""), None);
    }
}
