//! Memory on the wire: what is found and shown ([`MemoryView`]), how it is asked for, kept, looked
//! after and carried away. Searches nothing.

mod care;
mod carry;
mod keep;
mod query;
mod signals;
mod stats;

use serde::{Deserialize, Serialize};

pub use care::{
    ActionList, ActionView, CorrectMemory, Corrected, ForgetMemories, MAX_FORGOTTEN, PinMemory,
    UndoAction,
};
pub(crate) use carry::is_none;
pub use carry::{EXPORT_FORMAT, ExportMark, ExportPlace};
pub use keep::{
    CheckedMemories, MAX_NEW_MEMORIES, NewMemories, NewMemory, Remembered, WrongMemory,
};
pub use query::{MemoryListQuery, MemoryQuery, MemoryQueryFilters, MemoryResults};
pub use signals::{NewSignal, RatingView, SignalList, SignalView};
pub use stats::{CollectionView, DamagedView, HotShareView, JobView, MemoryStatsView, TierView};

/// One memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryView {
    /// The memory.
    pub id: String,
    /// Its text, byte for byte.
    pub text: String,
    /// `said`, `note`, `answer`, `learning` or `document`.
    pub kind: String,
    /// `memories`, `learnings`, `conversations` or `knowledge`.
    #[serde(default)]
    pub collection: String,
    /// `hot`, `warm` or `cold`.
    pub tier: String,
    /// Who said it, where that is known and not the owner.
    #[serde(default)]
    pub author: Option<String>,
    /// Where it was said.
    pub conversation_id: Option<String>,
    /// In which message.
    pub message_id: Option<String>,
    /// By which agent.
    pub agent: Option<String>,
    /// What its collection sorts it by.
    #[serde(default)]
    pub labels: LabelsView,
    /// Where untrusted text was read, such as `web: example.com`; such text is nobody's word and is
    /// shown with this label.
    #[serde(default)]
    pub untrusted: Option<String>,
    /// When it was said, RFC 3339.
    pub created_at: String,
    /// How useful it has proven, 0..=1.
    #[serde(default)]
    pub utility: f32,
    /// How often the same was said again after the first time.
    #[serde(default)]
    pub repeats: u32,
    /// How often a search or an answer used it.
    #[serde(default)]
    pub accesses: u32,
    /// When it was last used, RFC 3339.
    #[serde(default)]
    pub last_access: Option<String>,
    /// Kept out of eviction and archive by its owner.
    #[serde(default)]
    pub pinned: bool,
    /// Since when it holds, RFC 3339.
    #[serde(default)]
    pub valid_from: String,
    /// Until when it held, RFC 3339; `None` while it does.
    #[serde(default)]
    pub valid_until: Option<String>,
    /// The memory that took its place.
    #[serde(default)]
    pub superseded_by: Option<String>,
}

impl MemoryView {
    /// Tells whether it holds still.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.valid_until.is_none()
    }
}

/// What a collection sorts its memories by; absent where the collection has no such label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelsView {
    /// Learnings: `OBSERVE` to `LEARN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Learnings: `success` or `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Knowledge: where it was read, such as `documentation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Knowledge: what it is about, such as `infra`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

/// One memory that was found. On the wire the memory's fields and these two are one object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryHitView {
    /// The memory.
    #[serde(flatten)]
    pub memory: MemoryView,
    /// What it was ranked by, higher is better; comparable within one answer only.
    pub score: f32,
    /// Why it was found, one line.
    pub why: String,
}

/// Answer of `GET /api/memory` and `GET /api/memory/learnings`, newest first. A page may be short,
/// or empty, and still have a next one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryList {
    /// One page.
    pub items: Vec<MemoryView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_is_one_flat_object_and_comes_back_equal() {
        let memory = MemoryView {
            id: "m".to_owned(),
            text: "the backup runs at 3am".to_owned(),
            utility: 0.56,
            accesses: 7,
            pinned: true,
            ..MemoryView::default()
        };
        let hit = MemoryHitView { memory, score: 0.75, why: "words".to_owned() };
        let wire = serde_json::to_value(&hit).unwrap();
        assert_eq!(
            (&wire["text"], &wire["score"]),
            (&"the backup runs at 3am".into(), &0.75.into())
        );
        let back: MemoryHitView = serde_json::from_value(wire).unwrap();
        assert_eq!(back, hit);
    }
}
