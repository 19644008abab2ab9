//! Tokens that a person makes for programs: named, scoped, revocable. Mints none and checks none.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, TokenHash, TokenId, UserId};

/// What a program may do with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Reads and changes memories.
    Memory,
    /// Reads memories.
    MemoryRead,
    /// Writes and reads messages.
    Chat,
    /// Reads whatever its owner may read.
    ReadOnly,
    /// Does whatever its owner may do, but tokens and passwords.
    Full,
}

impl TokenScope {
    /// All of them, the narrowest that most programs need first.
    pub const ALL: [Self; 5] =
        [Self::Memory, Self::MemoryRead, Self::Chat, Self::ReadOnly, Self::Full];

    /// Returns its name, as people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::MemoryRead => "memory-read",
            Self::Chat => "chat",
            Self::ReadOnly => "read-only",
            Self::Full => "full",
        }
    }

    /// Finds one by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Most tokens that one user may have at once.
pub const MAX_TOKENS: usize = 100;

/// A token for a program; works until it expires or is revoked, which takes its row away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Identity.
    pub id: TokenId,
    /// Whose records it opens.
    pub user_id: UserId,
    /// What its owner calls it; one of a name for each user.
    pub name: String,
    /// SHA-256 of the token.
    pub token_hash: TokenHash,
    /// What it may do: all that any of them may.
    pub scopes: Vec<TokenScope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it was shown last, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Tells whether it has stopped working at `now`, by lived time: no jump of the clock brings one back.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
