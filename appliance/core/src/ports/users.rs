//! The role that finds people and their logins. Changes none.

use std::fmt;

use async_trait::async_trait;

use crate::{
    ApiToken, Session, SessionId, SetupLink, StoreError, TokenHash, TokenId, User, UserId,
};

/// Finds users and sessions. Absent is `Ok(None)`. Contract: `storage_contract::users`.
#[async_trait]
pub trait Users: fmt::Debug + Send + Sync {
    /// Returns the user.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`; so for all methods here.
    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user with this e-mail, compared without regard to ASCII case.
    async fn by_email(&self, email: &str) -> Result<Option<User>, StoreError>;

    /// Returns the user who was made first: the one the local command line acts as.
    async fn first(&self) -> Result<Option<User>, StoreError>;

    /// Returns the session, revoked and expired ones too.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Returns the session whose token has this hash, revoked and expired ones too.
    async fn session_by_token(&self, hash: TokenHash) -> Result<Option<Session>, StoreError>;

    /// Returns the one-time link whose token has this hash, expired ones too.
    async fn setup_link(&self, hash: TokenHash) -> Result<Option<SetupLink>, StoreError>;

    /// Returns a program's token, expired ones too.
    async fn token(&self, id: TokenId) -> Result<Option<ApiToken>, StoreError>;

    /// Returns the program's token that has this hash, expired ones too.
    async fn token_by_hash(&self, hash: TokenHash) -> Result<Option<ApiToken>, StoreError>;

    /// Returns a user's tokens for programs in the order they were made, at most 100.
    async fn tokens(&self, owner: UserId) -> Result<Vec<ApiToken>, StoreError>;
}
