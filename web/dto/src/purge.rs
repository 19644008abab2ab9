//! Purging on the wire: what has to be said to do it, and what went.

use serde::{Deserialize, Serialize};

/// Body of the purging routes: nothing is purged by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeConfirmed {
    /// Must be true.
    pub confirm: bool,
}

/// Body of `POST /api/memory/purge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurgeMemories {
    /// Which, at most 1,000.
    pub ids: Vec<String>,
    /// Must be true.
    pub confirm: bool,
}

/// What went, for good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedView {
    /// Ids of the memories, copies and what was drawn from them among them.
    pub memories: Vec<String>,
    /// How many of the memories that were named could not be read: they are gone, and what says the same
    /// elsewhere was not looked for.
    #[serde(default, skip_serializing_if = "crate::memory::is_none")]
    pub untraced: u64,
    /// How many places of the records cannot be read and may still hold words of it.
    #[serde(default, skip_serializing_if = "crate::memory::is_none")]
    pub unread: u64,
}

impl PurgedView {
    /// Says what may be left, for a person; `None` when nothing is.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        let said = |count, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {many}")),
        };
        let untraced = said(
            self.untraced,
            "memory went unread: what says the same elsewhere was not looked for",
            "memories went unread: what says the same elsewhere was not looked for",
        );
        let unread = said(
            self.unread,
            "damaged place of this server cannot be read and may hold words of it",
            "damaged places of this server cannot be read and may hold words of it",
        );
        let left: Vec<String> = untraced.into_iter().chain(unread).collect();
        (!left.is_empty()).then(|| left.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_is_said_and_nothing_where_nothing_is() {
        let view = |untraced, unread| PurgedView { untraced, unread, ..PurgedView::default() };
        assert_eq!(view(0, 0).left(), None);
        assert_eq!(serde_json::to_string(&view(0, 0)).unwrap(), r#"{"memories":[]}"#);
        assert!(view(0, 2).left().unwrap().starts_with("2 damaged places of this server cannot"));
        let both = view(1, 1).left().unwrap();
        assert!(both.starts_with("1 memory went unread") && both.contains("; 1 damaged place"));
    }
}
