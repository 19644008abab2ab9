//! The shelves: where a memory is counted and walked. Moves none.

use appliance_core::{AgentName, MemoryTier};

use crate::codes::Code;

/// Where a memory is counted and walked: its tier, or among the forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// In a tier, said by this agent or by people.
    Tier(MemoryTier, Option<AgentName>),
    /// Forgotten and not purged yet.
    Forgotten,
}

/// The numbers of all shelves in the file.
pub(super) const SHELVES: [u8; 4] = [0, 1, 2, 3];

impl Shelf {
    /// Returns its number in the file; never change one.
    pub fn code(self) -> u8 {
        match self {
            Self::Tier(tier, _) => tier.code(),
            Self::Forgotten => 3,
        }
    }

    /// Returns the number of its agent in the file: 0 is people, an agent one more than its code.
    pub fn agent(self) -> u8 {
        match self {
            Self::Tier(_, Some(agent)) => agent.code() + 1,
            Self::Tier(_, None) | Self::Forgotten => 0,
        }
    }
}
