//! From typed filters to what the API takes, in a body or in a URL. Checks nothing: the server does.

use web_dto::MemoryQueryFilters;

use crate::cli::arguments::Filters;

/// Returns the filters as the API names them.
pub(super) fn filters(typed: &Filters) -> MemoryQueryFilters {
    let Filters { collection, tier, agent, conversation, from, until, min_utility, .. } = typed;
    MemoryQueryFilters {
        collection: collection.clone(),
        tier: tier.clone(),
        agent: agent.clone(),
        conversation_id: conversation.clone(),
        from: from.clone(),
        until: until.clone(),
        min_utility: *min_utility,
        phase: typed.phase.clone(),
        outcome: typed.outcome.clone(),
        source: typed.source.clone(),
        domain: typed.domain.clone(),
        as_of: typed.as_of.clone(),
    }
}

/// Returns `path` with the pairs as its query.
pub fn url(path: &str, pairs: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Returns an id as it may stand in a path: whatever was typed, it names nothing but one memory.
pub fn segment(id: &str) -> String {
    form_urlencoded::byte_serialize(id.trim().as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stays_in_its_place_of_the_url() {
        let pairs = [("source", "a&tier=hot #1".to_owned()), ("limit", "5".to_owned())];
        assert_eq!(url("/api/memory", &pairs), "/api/memory?source=a%26tier%3Dhot+%231&limit=5");
        assert_eq!(url("/api/memory", &[]), "/api/memory");
        assert_eq!(segment(" ../logs?x "), "..%2Flogs%3Fx");
    }
}
