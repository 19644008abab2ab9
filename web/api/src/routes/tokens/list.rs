//! `GET /api/tokens`: the caller's tokens for programs, without their secrets.

use axum::{Json, extract::State};
use web_dto::TokenList;

use crate::{auth::CurrentUser, error::ApiError, parts::Shared};

/// Answers with all of them in the order they were made.
pub(crate) async fn get(
    State(app): State<Shared>,
    user: CurrentUser,
) -> Result<Json<TokenList>, ApiError> {
    let now = app.parts.mint.clock().lived();
    let tokens = app.parts.users.tokens(user.id()).await?;
    let items = tokens.iter().map(|token| super::view(token, now)).collect();
    Ok(Json(TokenList { items, url: app.parts.settings.base_url() }))
}
