//! People, their logins and the one-time link. Hashes no password and mints no token.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, UserId};

/// What a user may do, from the plan's `users.role`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Sees and changes what is theirs.
    User,
    /// Also steers agents and settings.
    Admin,
    /// The appliance itself.
    System,
}

/// An account. The first one exists from the first start, before it has an e-mail or a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Login name, lower-cased; unique; `None` until set-up.
    pub email: Option<String>,
    /// Argon2id in PHC form; `None` until set-up.
    pub password_hash: Option<String>,
    /// What the portal calls this person.
    pub display_name: String,
    /// What this person may do.
    pub role: UserRole,
    /// A switched-off account cannot log in and its sessions are refused.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its owner last logged in.
    pub last_login_at: Option<Timestamp>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a secret token; the token itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A login: valid until it expires or is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identity; also inside the JWT.
    pub id: SessionId,
    /// Whose login this is.
    pub user_id: UserId,
    /// SHA-256 of the cookie's token.
    pub token_hash: TokenHash,
    /// Where it was opened from, as text.
    pub ip_address: Option<String>,
    /// The client's own description of itself, cut at 255 bytes.
    pub user_agent: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was logged out.
    pub revoked_at: Option<Timestamp>,
}

/// A one-time link that lets its holder set the first user's e-mail and password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupLink {
    /// SHA-256 of the link's token.
    pub token_hash: TokenHash,
    /// Whom it sets up.
    pub user_id: UserId,
    /// One hour after it was made.
    pub expires_at: Timestamp,
}
