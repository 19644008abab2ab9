//! Tokens for programs on the wire. A secret travels once, in the answer that makes it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The scopes and what each is for, the one that most programs want first.
pub const TOKEN_SCOPES: [(&str, &str); 5] = [
    ("memory", "search, keep, correct and forget memories; what MCP clients need"),
    ("memory-read", "search and list memories, and change none"),
    (
        "chat",
        "talk to the agents, who remember and forget as they are told, and read conversations",
    ),
    ("read-only", "read whatever you may read"),
    ("full", "whatever you may do, but tokens, log-ins and passwords"),
];

/// Most characters a token's name may have.
pub const MAX_TOKEN_NAME_CHARS: usize = 64;

/// Most days until a token expires, if it does.
pub const MAX_TOKEN_DAYS: u32 = 3650;

/// Body of `POST /api/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is called: the program it is for, say.
    pub name: String,
    /// What it may do, see [`TOKEN_SCOPES`].
    pub scopes: Vec<String>,
    /// In how many days it stops working; never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Names it for revoking.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it stops working, RFC 3339; absent is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether it has stopped working.
    pub expired: bool,
    /// When it was shown last, to the minute; absent is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
}

/// Answer of `GET /api/tokens`, in the order they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// The tokens.
    pub items: Vec<TokenView>,
    /// The server's own address, for the configuration of clients.
    pub url: String,
}

/// Answer of `POST /api/tokens`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MintedToken {
    /// The token.
    pub token: TokenView,
    /// The secret, which is said this once.
    pub secret: String,
    /// The server's own address, for the configuration of clients.
    pub url: String,
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedToken").field("token", &self.token).finish_non_exhaustive()
    }
}
