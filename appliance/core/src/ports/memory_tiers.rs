//! The role that keeps memories in three tiers. Decides nothing: the policy is `pai::memory`'s.
//!
//! Whatever is cut off between two lines, a memory is in exactly one tier: the record says which,
//! and a move is one commit. Files of the archive are written before the commit that counts on
//! them, and deleted after the commit that no longer does.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{AgentName, MemoryId, MemoryTier, StoreError, Timestamp, UserId, Utility};

/// A memory as the policy sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Which.
    pub id: MemoryId,
    /// Whose.
    pub owner: UserId,
    /// The agent that said or stored it.
    pub agent: Option<AgentName>,
    /// Since when it is in its tier.
    pub tier_since: Timestamp,
    /// When it was last used.
    pub last_access: Option<Timestamp>,
    /// How useful it has proven.
    pub utility: Utility,
    /// Whether its owner keeps it where it is.
    pub pinned: bool,
    /// Where it stands in the walk; what the next call goes on after.
    pub place: u64,
}

/// How full the tiers are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierCounts {
    /// Memories in the hot tier, by the agent that said them; `None` for people's.
    pub hot: BTreeMap<Option<AgentName>, u64>,
    /// Memories in the warm tier.
    pub warm: u64,
    /// Memories in the archive.
    pub cold: u64,
    /// Bytes of the archive's files.
    pub cold_bytes: u64,
    /// Files of the archive.
    pub segments: u64,
    /// Forgotten, not purged yet.
    pub forgotten: u64,
}

/// What one step of maintenance did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Memories moved, rewritten or purged.
    pub memories: u64,
    /// Bytes the archive has less, or more where negative.
    pub bytes: i64,
}

/// Moves memories between tiers. Contract: `storage_contract::tiers`.
#[async_trait]
pub trait MemoryTiers: fmt::Debug + Send + Sync {
    /// Returns up to `limit` memories of `tier` after `place` in the order of arrival, forgotten
    /// ones not.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn residents(
        &self,
        tier: MemoryTier,
        place: u64,
        limit: usize,
    ) -> Result<Vec<Resident>, StoreError>;

    /// Makes those of `ids` warm that are hot, or cold (read back from the archive); one commit.
    async fn warm(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError>;

    /// Moves those of `ids` to the archive that are warm, not pinned and not forgotten: writes one
    /// segment, then commits. At most a few thousand at once.
    async fn archive(&self, ids: &[MemoryId], at: Timestamp) -> Result<Moved, StoreError>;

    /// Rewrites the segment that is deadest, if half of it is; `None` when none is.
    async fn compact(&self, at: Timestamp) -> Result<Option<Moved>, StoreError>;

    /// Purges archived memories older than `oldest`, then the oldest until the archive has at most
    /// `most_bytes`; pinned ones stay.
    async fn expire(&self, oldest: Timestamp, most_bytes: u64) -> Result<Moved, StoreError>;

    /// Purges, for good, what was forgotten before `before`.
    async fn purge(&self, before: Timestamp) -> Result<Moved, StoreError>;

    /// Returns how full the tiers are, of one owner or of all.
    async fn counts(&self, owner: Option<UserId>) -> Result<TierCounts, StoreError>;
}
