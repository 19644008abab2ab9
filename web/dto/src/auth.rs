//! Logging in and being somebody. Holds no session logic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Body of `POST /api/auth/login`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account's e-mail; case does not matter.
    pub email: String,
    /// Its password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Body of `POST /api/auth/setup`: what the holder of the one-time link chooses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The token from the link's fragment (`/setup#t=...`).
    pub token: String,
    /// What the portal calls this person.
    pub display_name: String,
    /// The account's e-mail.
    pub email: String,
    /// At least [`MIN_PASSWORD_CHARS`](crate::MIN_PASSWORD_CHARS) characters.
    pub password: String,
}

impl fmt::Debug for SetUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetUp").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Body of `POST /api/auth/setup/check`: whether a link can still be used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUpCheck {
    /// The token from the link's fragment.
    pub token: String,
}

impl fmt::Debug for SetUpCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetUpCheck").finish_non_exhaustive()
    }
}

/// Answer to a log-in or a set-up; the cookie is set beside it.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    /// A JWT for API clients, sent as `Authorization: Bearer ...`.
    pub token: String,
    /// When the session ends, RFC 3339.
    pub expires_at: String,
    /// Who logged in.
    pub user: Me,
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Answer of `GET /api/auth/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Which server this is: what a browser keeps for it is named by that.
    #[serde(default)]
    pub instance: String,
    /// The account.
    pub id: String,
    /// Its e-mail, once set up.
    pub email: Option<String>,
    /// Its name.
    pub display_name: String,
    /// `user`, `admin` or `system`.
    pub role: String,
}

/// Answer of `POST /api/auth/setup-link` (only over the local socket).
#[derive(Clone, Serialize, Deserialize)]
pub struct SetupLinkView {
    /// The whole link, with its token in the fragment.
    pub url: String,
    /// When it stops working, RFC 3339.
    pub expires_at: String,
}

impl fmt::Debug for SetupLinkView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupLinkView")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
