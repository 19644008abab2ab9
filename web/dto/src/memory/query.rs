//! How memories are asked for: a question with filters, or a list with the same filters.

use serde::{Deserialize, Serialize};

use super::MemoryHitView;

/// Body of `POST /api/memory/search`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryQuery {
    /// What to look for.
    pub query: String,
    /// Most hits wanted; 10 when left out, and brought to 1..=100 when outside.
    #[serde(default = "ten")]
    pub limit: usize,
    /// What to narrow it to.
    #[serde(default)]
    pub filters: MemoryQueryFilters,
    /// Whether to leave no trace in how often the hits were used: for a search at every key stroke.
    #[serde(default)]
    pub peek: bool,
}

const fn ten() -> usize {
    10
}

/// What a search or a list is narrowed to. Empty: everything that holds today.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryQueryFilters {
    /// `memories`, `learnings`, `conversations` or `knowledge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// `hot`, `warm` or `cold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// One of the six agents: only what it said or stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Only what was said in this conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Only what was said at this moment or later: RFC 3339, or a day such as `2026-05-08` (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only what was said before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Only what has proven at least this useful, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_utility: Option<f32>,
    /// Only learnings of this phase, `OBSERVE` to `LEARN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Only learnings that ended in `success` or `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Only knowledge from this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Only knowledge about this domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What held at this moment, rather than what holds today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

impl MemoryQueryFilters {
    /// Returns what is set, as pairs for a URL's query; not encoded.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let least = self.min_utility.map(|least| least.to_string());
        let named = [
            ("collection", &self.collection),
            ("tier", &self.tier),
            ("agent", &self.agent),
            ("conversation_id", &self.conversation_id),
            ("from", &self.from),
            ("until", &self.until),
            ("min_utility", &least),
            ("phase", &self.phase),
            ("outcome", &self.outcome),
            ("source", &self.source),
            ("domain", &self.domain),
            ("as_of", &self.as_of),
        ];
        let set = named.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        set.collect()
    }
}

/// The query of `GET /api/memory`: a page of what passes the filters, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryListQuery {
    /// What to narrow it to.
    pub filters: MemoryQueryFilters,
    /// Most items wanted, 1..=100; 20 when left out.
    pub limit: Option<usize>,
    /// Where to go on, as the last page said.
    pub cursor: Option<String>,
}

impl MemoryListQuery {
    /// Returns what is set, as pairs for a URL's query; not encoded.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.filters.pairs();
        pairs.extend(self.limit.map(|limit| ("limit", limit.to_string())));
        pairs.extend(self.cursor.clone().map(|cursor| ("cursor", cursor)));
        pairs
    }
}

/// Answer of `POST /api/memory/search`, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryResults {
    /// The hits.
    pub results: Vec<MemoryHitView>,
    /// What could not be asked just now, or not for all memories: `vectors`, `words`. The same
    /// question later may find more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_of_a_list_name_every_filter_as_the_body_of_a_search_does() {
        let text = || Some("x".to_owned());
        let filters = MemoryQueryFilters {
            collection: text(),
            tier: text(),
            agent: text(),
            conversation_id: text(),
            from: text(),
            until: text(),
            min_utility: Some(0.5),
            phase: text(),
            outcome: text(),
            source: text(),
            domain: text(),
            as_of: text(),
        };
        let body = serde_json::to_value(&filters).unwrap();
        let mut named: Vec<&str> = filters.pairs().into_iter().map(|(name, _)| name).collect();
        named.sort_unstable();
        let mut fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(named, fields);
        assert!(MemoryListQuery::default().pairs().is_empty());
    }
}
