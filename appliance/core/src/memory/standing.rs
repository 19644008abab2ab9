//! How a memory stands: what changes over its life while its text stays as it is. Changes nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{MemoryId, Timestamp};

/// How useful a memory has proven, in 0..=1, kept in ten-thousandths so that it has an order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utility(u16);

impl Utility {
    /// What a memory begins with.
    pub const START: Self = Self(5_000);
    /// The most there is.
    pub const MOST: Self = Self(10_000);

    /// Clamps `value` into 0..=1; `None` for NaN.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (!value.is_nan()).then(|| Self((value.clamp(0.0, 1.0) * 10_000.0).round() as u16))
    }

    /// Rebuilds what [`ten_thousandths`](Self::ten_thousandths) gave, clamped.
    #[must_use]
    pub const fn from_ten_thousandths(value: u16) -> Self {
        if value > Self::MOST.0 { Self::MOST } else { Self(value) }
    }

    /// Returns it as it is stored.
    #[must_use]
    pub const fn ten_thousandths(self) -> u16 {
        self.0
    }

    /// Returns it in 0..=1.
    #[must_use]
    pub fn value(self) -> f32 {
        f32::from(self.0) / 10_000.0
    }

    /// Returns it `ten_thousandths` higher, or lower where negative, within its bounds.
    #[must_use]
    pub fn plus(self, ten_thousandths: i32) -> Self {
        let sum = i32::from(self.0).saturating_add(ten_thousandths);
        Self(u16::try_from(sum.clamp(0, 10_000)).unwrap_or(0))
    }
}

impl Default for Utility {
    fn default() -> Self {
        Self::START
    }
}

impl fmt::Debug for Utility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}", self.value())
    }
}

/// What changes over a memory's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How useful it has proven.
    pub utility: Utility,
    /// How often the same was put again after the first time.
    pub repeats: u32,
    /// How often a search or an answer used it.
    pub accesses: u32,
    /// When it was last used.
    pub last_access: Option<Timestamp>,
    /// The place it had when it was last found, 1 is best; 0 when never.
    pub last_rank: u32,
    /// What people's signals add up to, in ten-thousandths, within -10,000..=10,000.
    pub feedback: i32,
    /// Kept by its owner: never moved to the archive, never evicted.
    pub pinned: bool,
    /// Since when it is in its tier.
    pub tier_since: Timestamp,
    /// Since when it holds.
    pub valid_from: Timestamp,
    /// Until when it held; `None` while it does.
    pub valid_until: Option<Timestamp>,
    /// What took its place.
    pub superseded_by: Option<MemoryId>,
    /// When its owner asked to forget it; such a memory is shown to nobody and can be brought back
    /// until it is purged.
    pub forgotten_at: Option<Timestamp>,
}

impl Standing {
    /// Returns how a memory stands that was said at `at`.
    #[must_use]
    pub const fn new(at: Timestamp) -> Self {
        Self {
            utility: Utility::START,
            repeats: 0,
            accesses: 0,
            last_access: None,
            last_rank: 0,
            feedback: 0,
            pinned: false,
            tier_since: at,
            valid_from: at,
            valid_until: None,
            superseded_by: None,
            forgotten_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Utility;

    #[test]
    fn utility_is_clamped_and_refuses_what_is_no_number() {
        assert_eq!(Utility::new(f32::NAN), None);
        assert_eq!(Utility::new(7.0), Some(Utility::MOST));
        assert_eq!(Utility::START.plus(i32::MIN).value(), 0.0);
        assert_eq!(Utility::START.plus(600).value(), 0.56);
    }
}
