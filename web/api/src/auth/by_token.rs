//! Finding the token that a program shows, and whose it is. Opens no route.

use appliance_core::{ApiToken, User};

use super::SecretToken;
use crate::{error::ApiError, parts::App};

/// Returns the token that is shown, if it works, and whose it is.
pub(super) async fn shown(app: &App, text: &str) -> Result<Option<(ApiToken, User)>, ApiError> {
    let found = app.parts.users.token_by_hash(SecretToken::hash_of(text)).await?;
    let Some(token) = found else { return Ok(None) };
    let owner = live_owner(app, &token).await?;
    Ok(owner.map(|user| (token, user)))
}

/// Returns the owner of a token that works: it has not expired, and the account is not switched off.
pub(super) async fn live_owner(app: &App, token: &ApiToken) -> Result<Option<User>, ApiError> {
    if token.has_expired(app.parts.mint.clock().lived()) {
        return Ok(None);
    }
    let owner = app.parts.users.get(token.user_id).await?;
    Ok(owner.filter(|user| user.is_active))
}
