//! How full memory is, against its limits: three bars, four collections, one job.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/memory/stats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryStatsView {
    /// Hot, warm, cold, in this order.
    pub tiers: Vec<TierView>,
    /// Everybody's hot memories by who said them, the fullest first; the limit holds each.
    pub hot_shares: Vec<HotShareView>,
    /// Files of the archive.
    pub archive_files: u64,
    /// The caller's, forgotten and not purged yet.
    pub forgotten: u64,
    /// The four collections.
    pub collections: Vec<CollectionView>,
    /// The job that is running, or ran last.
    pub job: Option<JobView>,
    /// What is wrong with the indexes though searches answer, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ailing: Option<String>,
    /// Rows and archived texts that cannot be read, anybody's; what they held is left out everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<DamagedView>,
    /// Memories among these, anybody's.
    #[serde(default, skip_serializing_if = "super::carry::is_none")]
    pub left_out: u64,
    /// What was found damaged at the start and is whole again, with what is missing all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<DamagedView>,
}

/// Something stored that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedView {
    /// A table and a row, or a file and a block.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// The memory that is left out because of it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// One tier against its limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierView {
    /// `hot`, `warm` or `cold`.
    pub tier: String,
    /// The caller's memories in it.
    pub mine: u64,
    /// Everybody's.
    pub all: u64,
    /// What the limit holds, in `unit`: of the hot tier the fullest agent's memories, of the warm
    /// tier everybody's, of the archive its bytes.
    pub used: u64,
    /// The most it takes, in `unit`.
    pub limit: u64,
    /// `memories` or `bytes`.
    pub unit: String,
}

impl TierView {
    /// Returns how full it is, 0..=1; what is over its limit counts as full.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.limit == 0 {
            return if self.used == 0 { 0.0 } else { 1.0 };
        }
        (self.used as f64 / self.limit as f64).min(1.0)
    }
}

/// Hot memories of one agent, or of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotShareView {
    /// The agent; `None` for what people said.
    pub agent: Option<String>,
    /// How many.
    pub memories: u64,
}

/// One collection and the vectors it is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionView {
    /// `memories`, `learnings`, `conversations` or `knowledge`.
    pub collection: String,
    /// The embedder's model.
    pub model: String,
    /// The length of its vectors.
    pub dim: usize,
    /// The caller's memories in it.
    pub memories: u64,
}

/// A long piece of work and how far it is: answer of `POST /api/memory/reindex` and
/// of `POST /api/memory/maintenance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// `maintenance` or `reindex`.
    pub name: String,
    /// What it does just now, or what it ended with, for a person.
    pub doing: String,
    /// Memories done.
    pub done: u64,
    /// Memories in all; 0 when that is not known.
    pub total: u64,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it ended without having done all of it; `doing` says what is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

#[cfg(test)]
mod tests {
    use super::TierView;

    #[test]
    fn a_tier_is_never_fuller_than_full_and_a_limit_of_nothing_divides_nothing() {
        let share = |used, limit| TierView { used, limit, ..TierView::default() }.share();
        assert_eq!([share(0, 0), share(1, 0), share(5, 10), share(11, 10)], [0.0, 1.0, 0.5, 1.0]);
    }
}
