//! `DELETE /api/tokens/{id}`: revokes a token at once, for open sockets within a second.

use appliance_core::{Batch, TokenId, Write};
use axum::extract::State;
use http::StatusCode;

use crate::{
    audit::Line, auth::CurrentUser, error::ApiError, extract::Id, gate::Caller, parts::Shared,
};

/// Answers 204; another person's token is not there.
pub(crate) async fn delete(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    Id(id): Id<TokenId>,
) -> Result<StatusCode, ApiError> {
    let owner = user.id();
    let found = app.parts.users.token(id).await?.filter(|token| token.user_id == owner);
    if found.is_none() {
        return Err(ApiError::not_found("token"));
    }
    let actor = appliance_core::Actor::User(owner);
    let line = Line::auth(actor, caller.ip, "token.revoke").on("token", &id);
    let batch =
        Batch::new().write(Write::RevokeToken { id, owner }).write(line.write(&app.parts.mint));
    app.parts.records.apply(batch).await?;
    Ok(StatusCode::NO_CONTENT)
}
