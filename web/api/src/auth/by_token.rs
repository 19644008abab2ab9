//! Finding the token that a program shows, and noting that it was used. Opens no route.

use std::time::Duration;

use appliance_core::{ApiToken, Timestamp, User, Write};

use super::SecretToken;
use crate::{error::ApiError, parts::App};

/// How exactly the last use is kept: a use that follows sooner is not written.
const USED_STEP: Duration = Duration::from_secs(60);

/// Returns the token that is shown, if it works, and whose it is.
pub(super) async fn shown(app: &App, text: &str) -> Result<Option<(ApiToken, User)>, ApiError> {
    let found = app.parts.users.token_by_hash(SecretToken::hash_of(text)).await?;
    let Some(token) = found else { return Ok(None) };
    let owner = live_owner(app, &token).await?;
    Ok(owner.map(|user| (token, user)))
}

/// Returns the owner of a token that works: it has not expired, and the account is not switched off.
pub(super) async fn live_owner(app: &App, token: &ApiToken) -> Result<Option<User>, ApiError> {
    if has_expired(token, app.parts.mint.clock().lived()) {
        return Ok(None);
    }
    let owner = app.parts.users.get(token.user_id).await?;
    Ok(owner.filter(|user| user.is_active))
}

/// Tells whether a token has stopped working, by lived time: no jump of the clock brings one back.
pub(crate) fn has_expired(token: &ApiToken, now: Timestamp) -> bool {
    token.expires_at.is_some_and(|end| end <= now)
}

/// Notes that a token has opened something.
pub(super) async fn note_use(app: &App, token: &ApiToken) {
    let at = app.parts.mint.clock().now();
    if token.last_used_at.is_some_and(|last| at < last.plus(USED_STEP)) {
        return;
    }
    let touch = Write::TouchToken { id: token.id, at };
    // A store that cannot write it down is no reason to refuse what only reads.
    if let Err(error) = app.parts.records.apply(appliance_core::Batch::new().write(touch)).await {
        tracing::debug!(%error, "the use of a token was not written down");
    }
}
