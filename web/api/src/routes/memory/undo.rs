//! `POST /api/memory/undo`: takes a deed back, the newest that is not undone when none is named.

use appliance_core::ActionId;
use axum::{Json as Answer, extract::State};
use web_dto::{ActionView, Code, UndoAction};

use super::care;
use crate::{
    auth::CurrentUser,
    error::ApiError,
    extract::{IdempotencyKey, Json},
    gate::Caller,
    parts::Shared,
    view,
};

/// The route's name in batch keys.
const ROUTE: &str = "memory.undo";

/// Answers with the deed as it stands undone.
///
/// # Errors
/// 404 for a deed that is not the caller's; 409 `memory.nothing_to_undo` for one that was undone or
/// is final, and when there is none.
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    user: CurrentUser,
    key: IdempotencyKey,
    Json(body): Json<UndoAction>,
) -> Result<Answer<ActionView>, ApiError> {
    let id: Option<ActionId> = body
        .action_id
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| ApiError::field(Code::BodyInvalid, "/action_id", "not a UUID"))?;
    let owner = user.id();
    let key = key.batch_key(owner, ROUTE, &[body.action_id.as_deref().unwrap_or("newest")]);
    if let Some(id) = id {
        care::noted(&app, owner, id).await?;
    }
    let by = care::by(&user, &caller, key);
    Ok(Answer(view::action(app.parts.care.undo(&by, id).await?)))
}
